"""The one runner of all checks: ``nox`` runs them all, ``nox -s tests`` one of them.

They run in the environment that nox is installed in, which the README's test command makes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = [
    "lint",
    "types",
    "contracts",
    "tests",
    "tests_on_httpx",
    "interpreters",
    "web",
    "side_by_side",
]

REQUIREMENTS = Path(__file__).with_name("requirements-dev.txt")

SDKS = "anthropic,bedrock,cohere,gemini,groq,mistral,openai"

OTHER_INTERPRETERS = (".pyenv/versions/*/bin", ".local/share/uv/python/*/bin")
"""Where interpreters are below the home directory, beside those on PATH."""

PROBE = "import ensurepip, sys, venv; print(sys.implementation.name, *sys.version_info[:3])"

UNIT = "tests/unit"

SPREAD = ("-n", "4", "--dist", "worksteal")
"""More workers than the two cores of CI: many tests wait."""

# What streams promise, on whatever SDK, transport and interpreter there is.
STREAM_TESTS = [
    *(f"tests/behaviour/test_{name}.py" for name in ("streams", "closing", "network")),
    "tests/behaviour/test_conformance.py",
]
INTERPRETER_TESTS = [*STREAM_TESTS, "tests/slow/test_process_exit.py"]
TRANSPORT_TESTS = [*STREAM_TESTS, "tests/behaviour/test_errors.py"]

# Other clients for the same code, and transports of their own, which depend on none of that.
ELSEWHERE = ("-k", "not azure and not bedrock and not ollama and not vertex")

# Of the providers with one transport, what their SDKs do differs, which no interpreter changes.
SAME_TRANSPORT = ("anthropic", "cohere", "groq", "mistral", "openai_responses", "openairesponses")
ONE_OF_EACH = ("-k", " and not ".join([ELSEWHERE[1], *SAME_TRANSPORT]))

# What leans on the insides of pydantic, and on each SDK's forms of tools.
TYPE_TESTS = [
    *(f"tests/behaviour/test_{name}.py" for name in ("tool_calls", "tool_schemas")),
    "tests/behaviour/test_response_models.py",
    *(f"tests/unit/test_{name}.py" for name in ("tools", "partial_models", "partial_values")),
]


def python(session: nox.Session, *arguments: str, **environment: str) -> None:
    """Run a module or a script with this environment's interpreter."""
    session.run(sys.executable, *arguments, env=environment)


def environment(
    session: nox.Session, name: str, *requirements: str, interpreter: str = sys.executable
) -> str:
    """Make an environment with some requirements; return its interpreter."""
    venv = Path(session.create_tmp()) / name
    own = str(venv / "bin" / "python")
    session.run(interpreter, "-m", "venv", "--clear", str(venv), external=True)
    install = ("-m", "pip", "install", "-q", "--no-compile")  # what is imported is compiled then
    session.run(own, *install, *requirements, external=True)
    return own


def together(*jobs: Callable[[], object]) -> None:
    """Run jobs side by side, each of which has one core; fail as the first of them that fails."""
    with ThreadPoolExecutor() as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result()


@nox.session
def lint(session: nox.Session) -> None:
    """Style and common mistakes."""
    python(session, "-m", "ruff", "check", ".")
    python(session, "-m", "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Both type checkers, strict."""
    together(
        partial(python, session, "-m", "pyright", "--pythonpath", sys.executable),
        partial(python, session, "-m", "mypy"),
    )


@nox.session
def contracts(session: nox.Session) -> None:
    """Imports go down only, and the engine knows no SDK."""
    session.run(str(Path(sys.executable).with_name("lint-imports")), "--no-logo")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, and the examples in docstrings; the pure ones first, and without any SDK."""
    if shutil.which("redis-server") is None:
        _apt(session, "redis-server")
    if session.posargs:
        python(session, "-m", "pytest", *SPREAD, *session.posargs)
        return
    python(session, "-m", "pytest", "-q", UNIT)
    python(session, "-m", "pytest", *SPREAD, f"--ignore={UNIT}")


@nox.session
def everything(session: nox.Session) -> None:
    """All tests for all providers, which takes about twice as long as `tests`."""
    options = (*SPREAD, f"--ignore={UNIT}", *session.posargs)
    python(session, "-m", "pytest", *options, MIRASCOPE_EVERY_PROVIDER="1")


@nox.session
def unit(session: nox.Session) -> None:
    """The pure tests, in seconds."""
    python(session, "-m", "pytest", "-q", UNIT, *session.posargs)


@nox.session
def tests_on_httpx(session: nox.Session) -> None:
    """The tests of transports again, on those that user-supplied clients have."""
    options = ("-n", "5", "-p", "support.on_httpx")  # which mostly wait
    others = ("-k", f"{ELSEWHERE[1]} and not groq and not mistral")  # httpx as Cohere, and httpx2
    dev = ("-X", "dev")  # which costs a quarter more, so only here
    python(session, *dev, "-m", "pytest", *options, *others, *TRANSPORT_TESTS, PYTHONPATH="tests")


def tools() -> list[str]:
    """Return the requirements of the tests of transports and types."""
    needed = ("hypothesis", "pytest", "trustme")
    return [line for line in REQUIREMENTS.read_text().splitlines() if line.startswith(needed)]


@nox.session(venv_backend="venv")
def oldest(session: nox.Session) -> None:
    """What streams, tools and types promise, on the oldest SDKs that the extras admit."""
    # pip compiles: in a test, the warnings of compiling the old google-genai would be errors
    session.install("-q", "-r", "requirements-oldest.txt", *tools(), "-e", ".")
    session.run("pytest", "-n", "3", *ELSEWHERE, *TRANSPORT_TESTS, *TYPE_TESTS)  # which mostly wait


@nox.session
def interpreters(session: nox.Session) -> None:
    """What streams promise, on every other interpreter that this machine has."""
    found = _interpreters()
    names = ", ".join(f"3.{minor} ({path})" for minor, path in found.items())
    session.log(f"beside 3.{sys.version_info.minor}, this machine has: {names or 'none'}")
    together(*(partial(_run_on, session, minor, path) for minor, path in found.items()))


def _run_on(session: nox.Session, minor: int, path: str) -> None:
    """Run the tests of interpreters on one."""
    own = environment(session, f"3.{minor}", *tools(), "-e", f".[{SDKS}]", interpreter=path)
    options = ("-n", "3", "-p", "no:cacheprovider")  # which mostly wait
    session.run(
        own, "-m", "pytest", "-q", *options, *ONE_OF_EACH, *INTERPRETER_TESTS, external=True
    )


def _interpreters() -> dict[int, str]:
    """Return the newest CPython of each minor version from 3.11 up, but not of this one's."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += [folder for place in OTHER_INTERPRETERS for folder in Path.home().glob(place)]
    found: list[tuple[list[int], str]] = []
    for path in (path for folder in folders for path in folder.glob("python3.*")):
        if re.fullmatch(r"python3\.(1[1-9]|[2-9]\d)", path.name):
            probe = subprocess.run([path, "-c", PROBE], check=False, capture_output=True, text=True)  # noqa: S603
            name, *version = probe.stdout.split() or ["none"]  # as a shim of pyenv may say
            if name == "cpython":
                found.append(([int(part) for part in version], str(path)))
    newest = {version[1]: path for version, path in sorted(found)}
    newest.pop(sys.version_info.minor, None)
    return newest


@nox.session
def fuzz(session: nox.Session) -> None:
    """Whatever the bytes, nothing but the documented errors; `-- --minutes 30` looks further."""
    if session.posargs:
        python(session, "-m", "pip", "install", "-q", "-r", "requirements-fuzz.txt")
    python(session, "fuzz/run.py", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Twenty thousand short streams with faults; fails if anything is lost, or left over."""
    python(session, "-m", "programs.soak", *session.posargs, PYTHONPATH="tests")


@nox.session
def table(session: nox.Session) -> None:
    """What is seen when a stream is left or fails, ours and the SDKs' own."""
    python(
        session,
        "-m",
        "pytest",
        "-q",
        "tests/docs/test_failure_table.py",
        MIRASCOPE_WRITE_TABLES="1",
        MIRASCOPE_EVERY_PROVIDER="1",
    )


@nox.session
def picture(session: nox.Session) -> None:
    """The pictures of shown streams: docs/places/show.svg, and docs/stream.svg, which grows."""
    python(session, "docs/places/show.py", "--svg")
    python(session, "docs/places/growing.py")


@nox.session
def instructions(session: nox.Session) -> None:
    """The instructions that a chunk and a call take, against the SDK's; needs valgrind."""
    if shutil.which("valgrind") is None:
        _apt(session, "valgrind")
    if shutil.which("valgrind") is None:
        session.skip("valgrind is not installed, so nothing counts instructions")
    python(session, "bench/instructions.py")


@nox.session
def web(session: nox.Session) -> None:
    """The pages of examples in Chromium, and their events in Node; npm brings the pages' parts."""
    if shutil.which("chromium") is None:
        _apt(session, "chromium")
    if shutil.which("npm") is None:
        _apt(session, "nodejs", "npm")
    if shutil.which("redis-server") is None:
        _apt(session, "redis-server")
    if shutil.which("chromium") is None or shutil.which("npm") is None:
        session.skip("neither Chromium nor npm is installed, so no page is shown")
    options = ("--no-audit", "--no-fund", "--no-package-lock", "--fetch-retries=1")
    for example in ("web", "resumable_chat"):
        session.run("npm", "install", "--prefix", f"examples/{example}", *options, external=True)
    tests = [f"tests/web/test_web_{name}.py" for name in ("node", "browser")]
    tests += ["tests/resume/test_resume_browser.py"]
    options = ("-n", "2", "--dist", "loadfile")
    python(session, "-m", "pytest", *options, *tests, *session.posargs, MIRASCOPE_WEB_TESTS="1")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, built into site/ and looked at in Chromium; `-- serve` builds and serves it."""
    own = environment(session, "docs", "-r", "requirements-docs.txt")
    session.run(own, "website/build.py", external=True)
    if session.posargs == ["serve"]:
        python(session, "-m", "http.server", "--bind", "127.0.0.1", "--directory", "site")
        return
    if shutil.which("chromium") is None:
        _apt(session, "chromium")
    python(session, "-m", "pytest", "-q", "tests/docs/test_site.py", MIRASCOPE_SITE_TESTS="1")


@nox.session
def side_by_side(session: nox.Session) -> None:
    """`docs` and `fuzz` beside `examples`, as each of them takes one core."""
    together(lambda: (docs(session), fuzz(session)), partial(examples, session))


def _apt(session: nox.Session, *packages: str) -> None:
    """Install packages of the system, if that is Debian and we may."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        session.run("apt-get", "update", "-q", external=True)
        session.run("apt-get", "install", "-q", "-y", *packages, external=True)


@nox.session(venv_backend="venv")
def ray(session: nox.Session) -> None:
    """The example for Ray, and the page's for Dask; 700 MB, so only by name."""
    versions = ("ray[data]==2.60.0", "dask[dataframe]==2026.8.0")
    session.install("-q", *versions, *tools(), "-e", ".[openai,testing]")
    session.run("pytest", "tests/bulk", *session.posargs)


@nox.session(venv_backend="venv")
def migrations(session: nox.Session) -> None:
    """What the pages of docs/migrate show of other libraries; only by name, for their size."""
    libraries = (
        *("langchain==1.5.2", "langchain-openai==1.7.4", "langchain-anthropic==1.7.10"),
        *("litellm==1.110.2", "pydantic-ai-slim[anthropic,openai]==2.68.0"),
    )
    session.install("-q", *libraries, *tools(), "-e", ".[anthropic,openai,testing]")
    session.run("pytest", "--noconftest", "tests/docs/test_other_libraries.py", *session.posargs)


@nox.session
def examples(session: nox.Session) -> None:
    """The examples for Streamlit and Gradio, which take 600 MB; `tests` runs the other ones."""
    needed = ("-r", "requirements-examples.txt", *tools(), "-e", ".[openai,testing]")
    own = environment(session, "examples", *needed)
    programs = [f"examples/{name}_chat.py" for name in ("gradio", "streamlit")]
    python(session, "-m", "pyright", "--pythonpath", own, *programs)
    tests = ("-m", "pytest", "-q", "tests/examples/test_ui_programs.py", *session.posargs)
    session.run(own, *tests, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmark; fails if a ratio is above its ceiling."""
    python(session, "bench/run.py", "--check", *session.posargs)
