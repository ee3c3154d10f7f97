"""llama.cpp's server inside this process.

It listens on 127.0.0.1 only, on a free port, requires a random API key for every request except the
health check, and allows no web page to read its responses. It never downloads anything. Our clients
connect directly, whatever proxy the environment configures, and load no certificates, since nothing
leaves the machine.

Its threads are native, which makes three rules. If they run while the interpreter is finalized,
they crash it, so each server is stopped before that. If a server is stopped before its loop runs,
it never stops, so a server counts as started once its loop has responded. A forked child inherits
the server's memory but none of its threads, so it must never stop the server: it would wait for
those threads forever. (Such a child has to exit through ``os._exit``, as those of
``multiprocessing`` do: llama.cpp also waits for its threads at the exit of a C program.)
"""

from __future__ import annotations

import ctypes
import os
import secrets
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Protocol, Self, cast

from mirascope.local._weights import MODEL, WeightsError, find, is_default, require

_FEW_CORES = 4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import openai


class _Engine(Protocol):
    """A running ``xllamacpp.Server``; it stops when the last reference to it is deleted."""

    listening_address: str

    def handle_metrics(self) -> bytes: ...


class _CpuParams(Protocol):
    n_threads: int


class _ModelParams(Protocol):
    path: str


class _SamplingParams(Protocol):
    penalty_last_n: int
    penalty_repeat: float
    temp: float
    top_p: float


class _Params(Protocol):
    """The part of ``xllamacpp.CommonParams`` that we set."""

    api_keys: list[str]
    cache_ram_mib: int
    cors_credentials: bool
    cors_headers: str
    cors_methods: str
    cors_origins: str
    cpuparams: _CpuParams
    cpuparams_batch: _CpuParams
    endpoint_metrics: bool
    endpoint_slots: bool
    fit_params: bool
    hostnames: list[str]
    kv_unified: bool
    model: _ModelParams
    model_alias: set[str]
    n_ctx: int
    n_parallel: int
    n_predict: int
    offline: bool
    port: int
    sampling: _SamplingParams
    sse_ping_interval: int
    ui: bool
    verbosity: int


class _Package(Protocol):
    """The part of ``xllamacpp`` that we use; the package has no types."""

    CommonParams: Callable[[], _Params]
    Server: Callable[[_Params], _Engine]


class LocalServer:
    """A model that runs in this process, behind OpenAI's and Anthropic's APIs; see `serve`.

    It stops at ``close()``, at the end of its ``with`` block, when it is garbage collected, or at
    the exit of the process, whichever is first. Responses in progress are cut off.

    Attributes:
        model (str): The name to pass as ``model=``.
        base_url (str): The base URL for OpenAI's SDK; ends in ``/v1``.
        anthropic_base_url (str): The base URL for Anthropic's SDK.
        api_key (str): The random key that every request must have.
    """

    def __init__(self, model: str, address: str, api_key: str, running: list[_Engine]) -> None:
        self.model = model
        self.base_url = f"{address}/v1"
        self.anthropic_base_url = address
        self.api_key = api_key
        self._clients = weakref.WeakSet["openai.OpenAI"]()
        self._finalize = weakref.finalize(self, _stop, running, self._clients, os.getpid())

    def client(self) -> openai.OpenAI:
        """Return a new client of OpenAI's SDK for this server.

        Raises:
            MissingSDKError: ``openai`` is not installed.
        """
        require("openai")
        from openai import DefaultHttpxClient, OpenAI  # noqa: PLC0415  # slow, and not always needed

        direct = DefaultHttpxClient(trust_env=False, verify=False)
        client = OpenAI(base_url=self.base_url, api_key=self.api_key, http_client=direct)
        self._clients.add(client)
        return client

    def async_client(self) -> openai.AsyncOpenAI:
        """Return a new async client of OpenAI's SDK for this server, for any event loop.

        Raises:
            MissingSDKError: ``openai`` is not installed.
        """
        require("openai")
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # noqa: PLC0415  # as above

        direct = DefaultAsyncHttpxClient(trust_env=False, verify=False)
        return AsyncOpenAI(
            base_url=self.base_url,
            api_key=self.api_key,
            http_client=direct,
            # A connection that is kept alive would belong to the event loop that opened it.
            default_headers={"Connection": "close"},
        )

    def close(self) -> None:
        """Stop the model and free its memory. A second call has no effect."""
        self._finalize()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model!r}, base_url={self.base_url!r})"


def _stop(running: list[_Engine], clients: weakref.WeakSet[openai.OpenAI], owner: int) -> None:
    if os.getpid() == owner:
        # The server waits for responses in progress, for a second or two if their clients are open.
        for client in clients:
            client.close()
        running.clear()
    else:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(running))


def serve(
    model: str | os.PathLike[str] | None = None,
    *,
    threads: int | None = None,
    context: int = 4096,
) -> LocalServer:
    """Load a model and serve it on 127.0.0.1. Loading blocks all threads of Python.

    Example::

        from mirascope import local

        with local.serve() as server:
            response = server.client().chat.completions.create(
                model=server.model,
                messages=[{"role": "user", "content": "Recommend a fantasy book"}],
            )
            print(response.choices[0].message.content)

    Args:
        model: The path of a GGUF file, or ``None`` for ``MODEL``, which is downloaded at first use
            and generates up to 512 tokens if a request sets no limit.
        threads (int | None): The number of compute threads. Default: half of the cores, at most
            eight; on four cores or fewer, one. Each step waits for its slowest thread, so a second
            thread helps on idle cores and slows busy ones down.
        context (int): The maximum number of tokens of all prompts and responses in progress. At
            most four responses are in progress at once.

    Raises:
        WeightsError: The weights cannot be downloaded, are damaged or cannot be used.
        MissingSDKError: ``xllamacpp`` or ``platformdirs`` is not installed.
        ValueError: ``threads`` or ``context`` is less than one.
    """
    threads = _default_threads() if threads is None else threads
    if threads < 1 or context < 1:
        raise ValueError(
            f"`threads` is {threads} and `context` is {context}; both must be 1 or more"
        )
    package = cast("_Package", require("xllamacpp"))
    path = find(model)
    key = secrets.token_urlsafe(32)
    name = MODEL if is_default(model) else path.stem
    params = _params(package, path, key)
    params.model_alias = {name}
    params.n_ctx = context
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    if is_default(model):
        _set_defaults(params)
    try:
        engine = package.Server(params)
    except RuntimeError as error:
        raise WeightsError(
            f"cannot run {path}: the file is damaged, has a type that llama.cpp does not support,"
            " or is too big for this machine"
        ) from error
    engine.handle_metrics()  # its loop responds, so it runs
    return LocalServer(name, engine.listening_address, key, [engine])


def _params(package: _Package, path: Path, key: str) -> _Params:
    params = package.CommonParams()
    params.model.path = str(path)
    params.api_keys = [key]
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.cors_origins = params.cors_methods = params.cors_headers = ""
    params.cors_credentials = params.ui = params.endpoint_slots = False
    params.endpoint_metrics = True
    params.offline = True
    params.verbosity = -1  # llama.cpp would write to our stderr
    params.sse_ping_interval = 1  # seconds; also how soon it notices a stop
    params.n_parallel, params.kv_unified = 4, True
    params.cache_ram_mib = 0  # by default prompts are cached in up to 8 GiB
    return params


def _set_defaults(params: _Params) -> None:
    """Set the sampling defaults of the default model, which rambles and loops without them.

    One response in ten still never ends by itself, so responses end after 512 tokens.
    """
    params.sampling.temp, params.sampling.top_p = 0.2, 0.9
    params.sampling.penalty_repeat, params.sampling.penalty_last_n = 1.1, 512
    params.n_predict = 512
    params.fit_params = False  # it always fits; the check takes a third of a second


def _default_threads() -> int:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return 1 if cores <= _FEW_CORES else min(cores // 2, 8)


_shared: dict[str, LocalServer] = {}
_lock = threading.Lock()


def client(model: str | os.PathLike[str] | None = None) -> openai.OpenAI:
    """Return a new client of OpenAI's SDK for a model that is loaded once per process.

    Example::

        from mirascope import local
        from mirascope.core import openai

        @openai.call(model=local.MODEL, client=local.client(), stream=True)
        def recommend_book(genre: str) -> str:
            return f"Recommend a {genre} book"

        for chunk, _ in recommend_book("fantasy"):
            print(chunk.content, end="", flush=True)

    Args:
        model: The path of a GGUF file, or ``None`` for ``MODEL``, which is downloaded at first use.

    Raises:
        WeightsError: The weights cannot be downloaded, are damaged or cannot be used.
        MissingSDKError: ``openai``, ``xllamacpp`` or ``platformdirs`` is not installed.
    """
    return _shared_server(model).client()


def async_client(model: str | os.PathLike[str] | None = None) -> openai.AsyncOpenAI:
    """Return a new async client, for any event loop; see `client`.

    Args:
        model: The path of a GGUF file, or ``None`` for ``MODEL``, which is downloaded at first use.

    Raises:
        WeightsError: The weights cannot be downloaded, are damaged or cannot be used.
        MissingSDKError: ``openai``, ``xllamacpp`` or ``platformdirs`` is not installed.
    """
    return _shared_server(model).async_client()


def _shared_server(model: str | os.PathLike[str] | None) -> LocalServer:
    key = MODEL if is_default(model) else os.path.realpath(cast("str", model))
    with _lock:
        if key not in _shared:
            _shared[key] = serve(model)
        return _shared[key]
