"""What most tests take: a provider, a way to read its streams, and a server for its client."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from mirascope.testing.loopback import Loopback
from support.cases import Case, Driver
from support.everywhere import EVERYWHERE
from support.providers import CASES, EVERY

AUTHORITY = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@pytest.fixture(scope="session")
def known_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One certificate of an authority: each client that trusts all of them reads them for 25 ms."""
    found = AUTHORITY.search(Path(certifi.where()).read_text())
    assert found is not None
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    path.write_text(found[0])
    return path


@pytest.fixture(scope="session", autouse=True)
def frozen() -> None:
    """Let collections of garbage leave out what the SDKs' modules hold, which stays anyway."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def trust(known_authority: Path) -> Iterator[None]:
    """Let clients trust that authority only; servers on loopback have no certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(known_authority))
        yield


LATER = {"azure", "bedrock", "cohere", "groq", "mistral", "openai_responses"}
"""In CI, these run what any provider promises, `mirascope.testing.conformance`, and their own."""

only_everywhere = pytest.mark.skipif(not EVERYWHERE, reason="`nox -s everything` runs this")
"""Marks what another test in CI shows for the most part."""

OFTEN = [case for case in EVERY if EVERYWHERE or case.name not in LATER]

FEW = [case for case in CASES if EVERYWHERE or case.name in {"gemini", "openai"}]
"""The providers of tests that take seconds each, for what all providers share."""

few = pytest.mark.parametrize("case", FEW, ids=lambda case: case.name)
"""Marks such a test."""


@pytest.fixture(params=[case for case in CASES if case in OFTEN], ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture(params=OFTEN, ids=lambda case: case.name)
def every_case(request: pytest.FixtureRequest) -> Case:
    """`case`, and the providers of other packages: a module has ``case = every_case``."""
    return request.param


built_in = pytest.mark.parametrize(
    "case", [case for case in CASES if case in OFTEN], ids=lambda case: case.name
)
"""Marks a test of such a module that fits the built-in providers only; a comment has the reason."""


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def driver(request: pytest.FixtureRequest) -> Driver:
    return Driver(asynchronous=request.param)


@pytest.fixture
def server(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server that the provider's default client talks to."""
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "a-secret-key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))
        yield server
