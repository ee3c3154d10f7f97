"""Every module path and public name that v1 documents is here, and is the real thing."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import ModuleType
from typing import Annotated

import pytest
from pydantic import BaseModel

import mirascope
from mirascope.core import base

PROVIDERS = {
    "anthropic": "Anthropic",
    "azure": "Azure",
    "bedrock": "Bedrock",
    "cohere": "Cohere",
    "gemini": "Gemini",
    "groq": "Groq",
    "mistral": "Mistral",
    "openai": "OpenAI",
    "litellm": "LiteLLM",
    "vertex": "Vertex",
    "xai": "XAI",
}
ASYNC_CONFIGS = ("anthropic", "azure", "cohere", "groq", "litellm", "openai", "xai")
TOOL_CONFIGS = ("anthropic", "azure", "openai")
ALIASES = {
    "azure": "openai",
    "google": "gemini",
    "litellm": "openai",
    "vertex": "gemini",
    "xai": "openai",
}
"""The packages with the classes of another one, under their own names."""

IN_A_PROVIDER = {
    "call_params": ("CallParams", dict),
    "call_response": ("CallResponse", base.BaseCallResponse),
    "call_response_chunk": ("CallResponseChunk", base.BaseCallResponseChunk),
    "dynamic_config": ("DynamicConfig", None),
    "stream": ("Stream", base.BaseStream),
    "tool": ("Tool", base.BaseTool),
}
"""The module of each name, which follows the provider's, and the class that it is below."""

IN_BASE = {
    "call_kwargs": ["BaseCallKwargs"],
    "call_params": ["BaseCallParams", "CommonCallParams"],
    "call_response": ["BaseCallResponse"],
    "call_response_chunk": ["BaseCallResponseChunk"],
    "dynamic_config": ["BaseDynamicConfig"],
    "from_call_args": ["FromCallArgs"],
    "merge_decorators": ["merge_decorators"],
    "message_param": [
        "AudioPart",
        "AudioURLPart",
        "BaseMessageParam",
        "CacheControlPart",
        "DocumentPart",
        "DocumentURLPart",
        "ImagePart",
        "ImageURLPart",
        "TextPart",
        "ToolCallPart",
        "ToolResultPart",
    ],
    "messages": ["Messages"],
    "metadata": ["Metadata", "metadata"],
    "prompt": ["BasePrompt", "prompt_template"],
    "response_model_config_dict": ["ResponseModelConfigDict"],
    "stream": ["BaseStream"],
    "stream_config": ["StreamConfig"],
    "structured_stream": ["BaseStructuredStream"],
    "tool": ["BaseTool", "GenerateJsonSchemaNoTitles", "ToolConfig"],
    "toolkit": ["BaseToolKit", "toolkit_tool"],
    "types": [
        "AudioSegment",
        "BaseType",
        "CostMetadata",
        "JsonableType",
        "LocalProvider",
        "Provider",
        "Usage",
    ],
}
ONLY_IN_BASE = {
    "dynamic_config": [
        "DynamicConfigBase",
        "DynamicConfigCallParams",
        "DynamicConfigCallParamsClient",
        "DynamicConfigClient",
        "DynamicConfigFull",
        "DynamicConfigMessages",
        "DynamicConfigMessagesCallParams",
        "DynamicConfigMessagesClient",
    ],
    "from_call_args": ["is_from_call_args"],
    "toolkit": ["ToolKitToolMethod", "is_toolkit_tool"],
    "types": [
        "AudioMetadata",
        "FinishReason",
        "GoogleMetadata",
        "Image",
        "ImageMetadata",
        "PDFImageMetadata",
        "PDFMetadata",
        "VideoMetadata",
    ],
}
"""Names that only their module has."""

IN_LLM = {
    "call_response": "CallResponse",
    "call_response_chunk": "CallResponseChunk",
    "stream": "Stream",
    "tool": "Tool",
}
AT_THE_TOP = [
    *IN_BASE["message_param"],
    "BaseDynamicConfig",
    "BaseTool",
    "BaseToolKit",
    "LocalProvider",
    "Messages",
    "Provider",
    "prompt_template",
]
FUNCTIONS = {
    **{f"mirascope.core.{name}.call": f"{name}_call" for name in PROVIDERS},
    "mirascope.core.google.call": "gemini_call",
    "mirascope.core.costs.calculate_cost": "calculate_cost",
    "mirascope.core.base.merge_decorators": "merge_decorators",
    "mirascope.core.base.metadata": "metadata",
    "mirascope.retries.fallback": "fallback",
}
"""The modules that have the name of a function, which their package shows in their place."""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_has_its_names_at_their_paths(provider: str) -> None:
    package = import_module(f"mirascope.core.{provider}")
    for path, (ending, kind) in IN_A_PROVIDER.items():
        name = PROVIDERS[provider] + ending
        found = getattr(package, name)
        assert name in package.__all__
        assert getattr(import_module(f"{package.__name__}.{path}"), name) is found
        assert kind is None or issubclass(found, kind)
    assert package.call is getattr(package, f"{provider}_call")
    assert {f"{PROVIDERS[provider]}MessageParam", "call", f"{provider}_call"} <= {*package.__all__}


@pytest.mark.parametrize("provider", ASYNC_CONFIGS)
def test_a_provider_with_an_async_client_has_settings_for_it(provider: str) -> None:
    path = f"mirascope.core.{provider}"
    name = f"Async{PROVIDERS[provider]}DynamicConfig"
    config = getattr(import_module(f"{path}.dynamic_config"), name)
    assert config is getattr(import_module(path), name)
    assert config != getattr(import_module(path), f"{PROVIDERS[provider]}DynamicConfig")


@pytest.mark.parametrize("provider", TOOL_CONFIGS)
def test_a_provider_s_tools_have_settings(provider: str) -> None:
    path = f"mirascope.core.{provider}"
    name = f"{PROVIDERS[provider]}ToolConfig"
    assert getattr(import_module(f"{path}.tool"), name) is getattr(import_module(path), name)


@pytest.mark.parametrize("path", IN_BASE)
def test_the_base_has_its_names_at_their_paths(path: str) -> None:
    module = import_module(f"mirascope.core.base.{path}")
    for name in IN_BASE[path]:
        found = getattr(module, name)
        assert found is getattr(base, name)
        assert found is getattr(import_module("mirascope.core"), name)
        assert {name} <= {*base.__all__} & {*import_module("mirascope.core").__all__}
        assert not isinstance(found, ModuleType)


@pytest.mark.parametrize("path", ONLY_IN_BASE)
def test_modules_of_the_base_have_names_of_their_own(path: str) -> None:
    module = import_module(f"mirascope.core.base.{path}")
    assert all(hasattr(module, name) for name in ONLY_IN_BASE[path])


def test_values_of_the_base_are_those_that_v1_documents() -> None:
    prompt = import_module("mirascope.core.base.prompt")
    assert prompt.SUPPORTED_MESSAGE_ROLES == ["system", "user", "assistant"]
    assert isinstance(["a"], base.BaseType)
    assert not isinstance(object(), base.BaseType)
    config = import_module("mirascope.core.base.dynamic_config")
    assert config.DynamicConfigFull[int, dict[str, int], str](messages=[1]) == {"messages": [1]}
    metadata = base.CostMetadata(batch_mode=True, pdf={"images": [{"width": 1, "height": 2}]})
    assert metadata.pdf is not None
    assert metadata.pdf.images is not None
    assert metadata.pdf.images[0].height == 2
    assert metadata.input_tokens is None


def test_markers_are_recognized() -> None:
    class Kit(base.BaseToolKit):
        @base.toolkit_tool
        def marked(self) -> str:
            """Does something."""
            return "done"

        def other(self) -> None: ...

    toolkit = import_module("mirascope.core.base.toolkit")
    assert toolkit.is_toolkit_tool(Kit.marked)
    assert toolkit.is_toolkit_tool(Kit().marked)
    assert not toolkit.is_toolkit_tool(Kit.other)

    class Book(BaseModel):
        genre: Annotated[str, base.FromCallArgs()]
        title: str

    from_call = import_module("mirascope.core.base.from_call_args").is_from_call_args
    assert [from_call(field) for field in Book.model_fields.values()] == [True, False]


def test_strict_schemas_are_generated_by_the_class_that_v1_names() -> None:
    class Book(BaseModel):
        title: str = "Emma"

    generator = import_module("mirascope.core.openai.tool").GenerateOpenAIStrictToolJsonSchema
    schema = Book.model_json_schema(schema_generator=generator)
    assert (schema["required"], schema["additionalProperties"]) == (["title"], False)


def test_a_stream_of_no_provider_is_an_error_that_says_so() -> None:
    """v1 let one make a provider of such classes; here it is a `Provider`."""

    class OwnStream(base.BaseStream): ...

    with pytest.raises(NotImplementedError, match="OwnStream belongs to no provider"):
        OwnStream(stream=[])


@pytest.mark.parametrize("path", IN_A_PROVIDER)
@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_has_the_classes_of_another_provider(alias: str, path: str) -> None:
    package = import_module(f"mirascope.core.{alias}")
    ours, theirs = (
        import_module(f"mirascope.core.{name}.{path}") for name in (alias, ALIASES[alias])
    )
    prefix = {"openai": "OpenAI", "gemini": "Gemini"}[ALIASES[alias]]
    for name in ours.__all__:
        found = getattr(theirs, name.replace(PROVIDERS.get(alias, "Google"), prefix))
        assert getattr(ours, name) == getattr(package, name) == found
        assert name in package.__all__
    assert getattr(import_module("mirascope.core"), alias) is package


def test_google_s_call_is_gemini_s() -> None:
    google = import_module("mirascope.core.google")
    gemini = import_module("mirascope.core.gemini")
    assert google.call is google.google_call is gemini.call


@pytest.mark.parametrize("path", IN_LLM)
def test_llm_has_its_names_at_their_paths(path: str) -> None:
    llm = import_module("mirascope.llm")
    module = import_module(f"mirascope.llm.{path}")
    assert getattr(module, IN_LLM[path]) is getattr(llm, IN_LLM[path])


@pytest.mark.parametrize("name", ["CostMetadata", "LocalProvider", "Provider", "calculate_cost"])
def test_llm_has_names_of_the_base(name: str) -> None:
    llm = import_module("mirascope.llm")
    assert getattr(llm, name) is getattr(base, name)
    assert name in llm.__all__


def test_the_top_has_what_most_use() -> None:
    for name in AT_THE_TOP:
        assert name in mirascope.__all__
        assert getattr(mirascope, name) is getattr(base, name)
    for name in ("core", "integrations", "llm", "retries"):
        assert getattr(mirascope, name) is import_module(f"mirascope.{name}")
    assert mirascope.__version__.count(".") == 2


def test_retries_and_integrations_have_their_names() -> None:
    retries = import_module("mirascope.retries")
    assert retries.tenacity is import_module("mirascope.retries.tenacity")
    old = import_module("mirascope.integrations.tenacity")
    assert old.collect_errors is retries.tenacity.collect_errors
    assert issubclass(retries.FallbackError, Exception)
    assert import_module("mirascope.retries.fallback").FallbackError is retries.FallbackError
    assert callable(import_module("mirascope.integrations").middleware_factory)


@pytest.mark.parametrize("first", ["package", "module"])
def test_a_function_wins_over_the_module_of_its_name(first: str) -> None:
    """In a process of its own, as what has been imported before decides what is found."""
    modules = [f"import {path}" for path in FUNCTIONS]
    packages = [f"import {path.rpartition('.')[0]}" for path in FUNCTIONS]
    order = packages + modules if first == "package" else modules + packages
    checks = [
        f"assert {path}.__name__ == {name!r} and callable({path}), {path}"
        for path, name in FUNCTIONS.items()
    ]
    code = "\n".join([*order, *checks])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
