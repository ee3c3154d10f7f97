"""Named servers that speak OpenAI's Chat Completions: one table, and what a row of it has.

A row is data: where the server is, which variables hold its key, and how its dialect differs from
OpenAI's. ``core/_servers`` makes a provider of it. What is neither documented nor recorded is not
in a row: the server is then taken to be like OpenAI's. The comments name the page that a line is
from; "recorded" are lines that recordings show. This module imports no SDK.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

Format: TypeAlias = Literal["json_object", "json_schema"]
ForcesTools: TypeAlias = Literal["always", "unless thinking", "never"]
ReasoningField: TypeAlias = Literal["reasoning_content", "reasoning", "in text"]
UsagePlace: TypeAlias = Literal["own record", "last choice's record", "last choice"]
ReasoningBack: TypeAlias = Literal["with tool calls", "always"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]*")
_VARIABLE: Final = re.compile(r"\{([A-Z0-9_]+)\}")
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # it is replaced
_PORTS: Final = {"http": 80, "https": 443}


class ServerSettingError(ValueError):
    """An environment variable that a server needs is not set. The message names it."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that has OpenAI's Chat Completions API; register it with `register_server`.

    Attributes:
        name (str): The name for ``llm.call("name:model")``: lower-case letters, digits, ``-``,
            ``_`` and ``.``; the first character is a letter.
        base_url (str): The base URL. ``{VARIABLE}`` in it is replaced by that environment variable.
            The environment variable ``NAME_BASE_URL`` overrides the URL.
        api_keys (tuple[str, ...]): The environment variables that can have the API key; the first
            one that is set is used.
        needs_key (bool): Whether the server needs an API key. Default: true.
        host_variable (str): An environment variable with the server's address without the path.
        source (str): The URL of the server's documentation.
        stream_options (bool): Whether the server accepts ``stream_options``, which request usage.
            Default: true.
        formats (tuple): The types of ``response_format`` that the server accepts, the preferred one
            first. A strict response model uses ``"json_schema"`` if the server accepts it.
        forces_tools (str): Whether a request can force a tool call: ``"always"`` (the default),
            ``"never"``, or ``"unless thinking"`` for models that think unless the request has
            ``thinking: {"type": "disabled"}``. Otherwise a response model is read from JSON text.
        tool_choice (str): How a request forces a tool call: ``"required"`` (the default), or by the
            tool's ``"name"``.
        reasoning (str): The field of a delta that has the reasoning, or ``"in text"`` if the
            reasoning is between tags in the text. Default: ``"reasoning_content"``.
        reasoning_back (str): When a message that you send back includes its reasoning.
        usage (str): Where a stream reports usage.

    Raises:
        ValueError: The name is invalid, or ``api_keys`` is empty although the server needs a key.

    Example:
        >>> from mirascope import llm
        >>> lab = llm.Server(
        ...     name="my-lab", base_url="https://llm.example.com/v1", api_keys=("MY_LAB_API_KEY",)
        ... )
        >>> lab.url_variable
        'MY_LAB_BASE_URL'
    """

    name: str
    base_url: str
    api_keys: tuple[str, ...] = ()
    needs_key: bool = True
    host_variable: str = ""
    source: str = ""
    stream_options: bool = True
    formats: tuple[Format, ...] = ("json_object", "json_schema")
    forces_tools: ForcesTools = "always"
    tool_choice: Literal["required", "name"] = "required"
    reasoning: ReasoningField = "reasoning_content"
    reasoning_back: ReasoningBack = "with tool calls"
    usage: UsagePlace = "own record"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.name!r} is not a valid name of a server: use lower-case letters, digits,"
                " '-', '_' and '.', with a letter first"
            )
        if self.needs_key and not self.api_keys:
            raise ValueError(
                f"the server {self.name!r} has no `api_keys`: pass them, or `needs_key=False`"
            )

    @property
    def url_variable(self) -> str:
        """The environment variable that overrides the base URL."""
        return re.sub(r"[.-]", "_", self.name).upper() + "_BASE_URL"

    @property
    def variables(self) -> tuple[str, ...]:
        """All environment variables that a client of this server reads."""
        inside: list[str] = _VARIABLE.findall(self.base_url)
        host = [self.host_variable] if self.host_variable else []
        return (*self.api_keys, self.url_variable, *host, *inside)

    def key(self) -> str:
        """Return the API key from the environment, or the server's name if no key is needed.

        Raises:
            ServerSettingError: The server needs a key, and no variable of ``api_keys`` is set.
        """
        if key := next(filter(None, map(os.environ.get, self.api_keys)), ""):
            return key
        if self.needs_key:
            names = " or ".join(self.api_keys)
            raise ServerSettingError(f"there is no API key for {self.name!r}: set {names}")
        return self.name

    def url(self) -> str:
        """Return the base URL, from the environment or from ``base_url``.

        Raises:
            ServerSettingError: A variable in ``base_url`` is not set.
        """
        if url := os.environ.get(self.url_variable):
            return url
        if host := os.environ.get(self.host_variable):
            return _url_of_host(host, self.base_url)
        return _VARIABLE.sub(self._value, self.base_url)

    def _value(self, variable: re.Match[str]) -> str:
        value = os.environ.get(variable[1], "").rpartition("://")[2].rstrip("/")
        if not value:
            raise ServerSettingError(
                f"{variable[1]} is not set; it is a part of the URL of {self.name!r}: set it, or"
                f" {self.url_variable}"
            )
        return value


def _url_of_host(host: str, base_url: str) -> str:
    """Return a base URL at another address, which may lack the scheme and the port."""
    known, given = urlsplit(base_url), urlsplit(host if "://" in host else f"//{host}")
    name = "127.0.0.1" if given.hostname in _ANY_ADDRESS else given.hostname or known.hostname or ""
    port = given.port or _PORTS.get(given.scheme, known.port)
    path = given.path.rstrip("/") + known.path
    return f"{given.scheme or known.scheme}://{f'[{name}]' if ':' in name else name}:{port}{path}"


OPENAI: Final = Server(
    name="openai",
    base_url="https://api.openai.com/v1",
    api_keys=("OPENAI_API_KEY",),
    source="platform.openai.com/docs, API reference",
)
"""What the others are compared with; its clients are made by the SDK alone."""

_ROWS: Final = (
    Server(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        api_keys=("OPENROUTER_API_KEY",),
        reasoning="reasoning",  # recorded, beside `reasoning_details`, which are always sent back
        usage="last choice's record",  # recorded
        source="openrouter.ai/docs, Quickstart",
    ),
    Server(
        name="deepseek",
        base_url="https://api.deepseek.com",
        api_keys=("DEEPSEEK_API_KEY",),
        formats=("json_object",),  # api-docs.deepseek.com, JSON Output
        forces_tools="unless thinking",  # deepseek-ai/DeepSeek-V3, issue 1376
        usage="last choice's record",  # recorded
        source="api-docs.deepseek.com, Your First API Call; Thinking Mode",
    ),
    Server(
        name="xai",
        base_url="https://api.x.ai/v1",
        api_keys=("XAI_API_KEY",),
        source="docs.x.ai, Chat Completions",
    ),
    Server(
        name="together",
        base_url="https://api.together.ai/v1",
        api_keys=("TOGETHER_API_KEY",),
        source="docs.together.ai, OpenAI compatibility",
    ),
    Server(
        name="fireworks",
        base_url="https://api.fireworks.ai/inference/v1",
        api_keys=("FIREWORKS_API_KEY",),
        source="docs.fireworks.ai, OpenAI compatibility",
    ),
    Server(
        name="cerebras",
        base_url="https://api.cerebras.ai/v1",
        api_keys=("CEREBRAS_API_KEY",),
        reasoning="reasoning",  # recorded
        usage="last choice's record",  # recorded
        source="inference-docs.cerebras.ai, OpenAI Compatibility",
    ),
    Server(
        name="perplexity",
        base_url="https://api.perplexity.ai",
        api_keys=("PERPLEXITY_API_KEY",),
        formats=("json_schema",),  # docs.perplexity.ai, Structured outputs; instructor, issue 1005
        forces_tools="never",  # it has no tools: docs.perplexity.ai, FAQ
        reasoning="in text",  # the same page
        usage="last choice's record",  # recorded
        source="docs.perplexity.ai, OpenAI SDK Compatibility",
    ),
    Server(
        name="nvidia",
        base_url="https://integrate.api.nvidia.com/v1",
        api_keys=("NVIDIA_API_KEY",),
        source="docs.api.nvidia.com, NIM LLM APIs",
    ),
    Server(
        name="moonshot",
        base_url="https://api.moonshot.ai/v1",
        api_keys=("MOONSHOT_API_KEY",),
        forces_tools="never",  # platform.moonshot.ai/docs, Migrating from OpenAI: tool_choice
        usage="last choice",  # platform.moonshot.ai/docs, Streaming
        source="platform.kimi.ai/docs, API overview",
    ),
    Server(
        name="zhipu",
        base_url="https://open.bigmodel.cn/api/paas/v4",
        api_keys=("ZHIPU_API_KEY", "ZHIPUAI_API_KEY"),
        formats=("json_object",),  # as `zai`, which is the same API elsewhere
        forces_tools="never",
        reasoning_back="always",
        usage="last choice's record",
        source="docs.bigmodel.cn, OpenAI API compatibility",
    ),
    Server(
        name="zai",
        base_url="https://api.z.ai/api/paas/v4",
        api_keys=("ZAI_API_KEY",),
        formats=("json_object",),  # docs.z.ai, Chat Completion
        forces_tools="never",  # the same page: `tool_choice` is `auto` only
        reasoning_back="always",  # docs.z.ai, Thinking Mode: preserved thinking
        usage="last choice's record",  # recorded
        source="docs.z.ai, Chat Completion",
    ),
    Server(
        name="minimax",
        base_url="https://api.minimax.io/v1",
        api_keys=("MINIMAX_API_KEY",),
        formats=(),  # the same page documents neither `response_format` nor `tool_choice`
        forces_tools="never",
        reasoning="in text",  # the same page, unless the request has `reasoning_split`
        source="platform.minimax.io/docs, OpenAI API Compatible",
    ),
    Server(
        name="qwen",
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        api_keys=("DASHSCOPE_API_KEY",),
        forces_tools="unless thinking",  # decolua/9router, pull request 564
        tool_choice="name",  # alibabacloud.com/help, Function calling
        source="alibabacloud.com/help, Model Studio: OpenAI compatible",
    ),
    Server(
        name="github",
        base_url="https://models.github.ai/inference",
        api_keys=("GITHUB_API_KEY", "GITHUB_TOKEN"),
        # GitHub has retired it on 30 July 2026: orgs/community, discussion 203602.
        source="docs.github.com, REST API endpoints for models inference; retired in July 2026",
    ),
    Server(
        name="huggingface",
        base_url="https://router.huggingface.co/v1",
        api_keys=("HUGGINGFACE_API_KEY", "HF_TOKEN"),
        source="huggingface.co/docs, Inference Providers",
    ),
    Server(
        name="databricks",
        base_url="https://{DATABRICKS_HOST}/serving-endpoints",
        api_keys=("DATABRICKS_API_KEY", "DATABRICKS_TOKEN"),
        stream_options=False,  # posit-dev/chatlas, _provider_databricks.py
        usage="last choice's record",  # recorded
        source="docs.databricks.com, Use foundation models",
    ),
    Server(
        name="cloudflare",
        base_url="https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
        api_keys=("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY"),
        source="developers.cloudflare.com, OpenAI compatible API endpoints",
    ),
    Server(
        name="ollama",
        base_url="http://localhost:11434/v1",
        api_keys=("OLLAMA_API_KEY",),
        needs_key=False,
        host_variable="OLLAMA_HOST",
        formats=("json_schema", "json_object"),  # the same page
        forces_tools="never",  # the same page: `tool_choice` is not supported
        reasoning="reasoning",  # recorded
        source="docs.ollama.com, OpenAI compatibility",
    ),
    Server(
        name="lmstudio",
        base_url="http://localhost:1234/v1",
        api_keys=("LM_STUDIO_API_KEY", "LMSTUDIO_API_KEY"),
        needs_key=False,
        source="lmstudio.ai/docs, OpenAI Compatibility Endpoints",
    ),
    Server(
        name="vllm",
        base_url="http://localhost:8000/v1",
        api_keys=("VLLM_API_KEY",),
        needs_key=False,
        source="docs.vllm.ai, OpenAI-Compatible Server",
    ),
    Server(
        name="llamacpp",
        base_url="http://localhost:8080/v1",
        api_keys=("LLAMACPP_API_KEY", "LLAMA_API_KEY"),
        needs_key=False,
        source="ggml-org/llama.cpp, tools/server/README.md",
    ),
    Server(
        name="litellm",
        base_url="http://localhost:4000/v1",
        api_keys=("LITELLM_API_KEY", "LITELLM_PROXY_API_KEY"),
        needs_key=False,
        source="docs.litellm.ai, LiteLLM Proxy",
    ),
)

SERVERS: Final = {server.name: server for server in _ROWS}
"""The named servers, those that a user has registered last."""


def named_server(name: str) -> Server:
    """Return the server of a name.

    Raises:
        ValueError: There is none.
    """
    if name not in SERVERS:
        raise ValueError(f"there is no server {name!r}; there are: {', '.join(SERVERS)}")
    return SERVERS[name]


def key_advice(name: str) -> str:
    """Return from where the key of a named server is read; ``""`` for other providers."""
    variables = SERVERS[name].api_keys if name in SERVERS else ()
    return f"the key of {name!r} is read from {' or '.join(variables)}" if variables else ""
