"""What `help()` prints, and IDEs show, of the names that users need first."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from mirascope import Timeout, errors, llm, streams, testing
from mirascope.core import anthropic, openai
from mirascope.core._calls.options import CallOptions
from mirascope.show import show


def help_of(thing: object) -> str:
    return pydoc.render_doc(thing, renderer=pydoc.plaintext)


@pytest.mark.parametrize("call", [openai.call, anthropic.call], ids=["openai", "anthropic"])
def test_help_of_a_call_explains_its_options(call: object) -> None:
    printed = help_of(call)
    options = {"model", "stream", "tools", "response_model", "output_parser"}
    for option in options | CallOptions.__annotations__.keys():
        assert f"\n        {option} (" in printed, option
    assert "Example:\n        >>> from mirascope.core import openai" in printed
    assert "Raises:" in printed
    for internal in ("Generic", "TypeVar", "Method resolution order", "__dict__"):
        assert internal not in printed


def test_the_docstring_of_a_call_begins_with_a_sentence() -> None:
    first = (inspect.getdoc(openai.call) or "").splitlines()[0]
    assert first == "Make a prompt function call a model of this provider."
    assert repr(openai.call) == "<call decorator of openai>"
    assert "stream" in inspect.signature(openai.call).parameters


@pytest.mark.parametrize("stream", [openai.OpenAIStream, llm.Stream])
def test_help_of_a_stream_explains_what_it_yields(stream: type) -> None:
    printed = help_of(stream)
    assert "the tool" in printed
    assert ">>> for chunk, _ in stream:" in printed
    assert "StreamError: While iterating" in printed
    for name in ("close", "partial", "construct_call_response", "finish_reasons", "cost"):
        assert f"  {name}" in printed
    assert "attrgetter" not in printed


@pytest.mark.parametrize(
    "thing",
    [
        errors.StreamError,
        llm.call,
        openai.call,
        openai.OpenAIStream,
        show,
        streams.gather,
        streams.sentences,
        testing.ScriptedProvider,
        Timeout,
    ],
)
def test_a_docstring_has_a_sentence_and_an_example(thing: object) -> None:
    doc = inspect.getdoc(thing) or ""
    summary, _, rest = doc.partition("\n\n")
    assert summary.endswith((".", ":"))
    assert "\n" not in summary
    assert "Example:" in rest
