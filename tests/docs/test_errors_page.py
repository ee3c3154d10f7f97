"""The page about errors has every error, and the base class of each SDK."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from mirascope import errors
from mirascope import llm as calls
from mirascope.testing import ScriptedProvider

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "errors.md").read_text()
BASES = re.findall(r"^\| ([\w, ]+) \| (`[\w.]+\.[\w.]+`(?: or `[\w.]+`)?) \|$", PAGE, re.MULTILINE)


def is_ours(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, errors.MirascopeError)


def test_every_error_is_on_the_page() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    public = {name: getattr(errors, name) for name in errors.__all__}
    classes = {n for n, kind in public.items() if is_ours(kind)}
    assert classes - listed == {"MirascopeError", "StreamError"}


@pytest.mark.parametrize(("providers", "bases"), BASES)
def test_the_base_class_of_an_sdk_catches_every_failure(
    providers: str, bases: str, llm: ScriptedProvider
) -> None:
    modules = [name.rpartition(".") for name in re.findall(r"`([\w.]+)`", bases)]
    caught = tuple(getattr(import_module(module), name) for module, _, name in modules)

    @calls.call(providers.partition(",")[0], "a-model", stream=True, max_retries=0)
    def ask() -> str:
        return "Hi"

    llm.fail(401)
    llm.fail(503)
    llm.cut(after="Hi")
    for kind in (errors.AuthenticationFailed, errors.Overloaded, errors.StreamConnectionError):
        with pytest.raises(caught) as raised:
            list(ask())
        assert isinstance(raised.value, kind)
