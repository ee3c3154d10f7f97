"""Conversations with tools, on servers that refuse what their providers refuse."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import TypeAdapter
from support.cases import Driver
from support.strict_servers import BY_NAME, CALLS, Strict, strict, without_ids

from mirascope import BaseMessageParam, Messages, llm, retries
from mirascope import errors as our_errors
from mirascope.testing.loopback import Loopback, Response

ONE_EACH = ["anthropic", "cohere", "gemini", "groq", "mistral", "ollama-native", "openai"]
HISTORY = TypeAdapter(list[BaseMessageParam])
QUESTION = Messages.User("Add")


def add(a: int, b: int) -> int:
    """Adds two numbers.

    Args:
        a: The one.
        b: The other.
    """
    return a + b


@contextmanager
def serving(server: Strict, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with Loopback(server) as loopback:
        monkeypatch.setenv(server.case.key_variable, "a-secret-key")
        monkeypatch.setenv(server.case.url_variable, server.case.url(loopback.url))
        yield loopback


def chatting(driver: Driver, decorate: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    """Return a function that sends a history and reads the response to its end."""

    async def achat(history: list[Any]) -> list[Any]:
        return history

    def chat(history: list[Any]) -> list[Any]:
        return history

    ask = decorate(achat if driver.asynchronous else chat)

    async def answered_async(history: list[Any]) -> Any:
        answer = await ask(history)
        if hasattr(answer, "__aiter__"):
            answer._tools = [tool async for _, tool in answer if tool]
        return answer

    def answered(history: list[Any]) -> Any:
        if driver.asynchronous:
            return driver.run(lambda: answered_async(history))
        answer = ask(history)
        if hasattr(answer, "__iter__"):
            answer._tools = [tool for _, tool in answer if tool]
        return answer

    return answered


@contextmanager
def losses() -> Iterator[list[str]]:
    """Collect what warnings report to stay behind, and let all others pass."""
    reported: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield reported
    reported += [text for each in caught if (text := str(each.message)).startswith("parts of this")]


def tools_of(answer: Any) -> list[Any]:
    return answer._tools if hasattr(answer, "_tools") else answer.tools or []


def extended(history: list[Any], answer: Any) -> list[Any]:
    """Return a history with a response and its tools' outputs."""
    outputs = [(tool, tool.call()) for tool in tools_of(answer)]
    results = answer.tool_message_params(outputs) if outputs else []
    return [*history, answer.message_param, *results]


@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", BY_NAME)
def test_a_provider_s_own_call_sends_back_what_it_received(
    name: str, driver: Driver, monkeypatch: pytest.MonkeyPatch, *, streaming: bool
) -> None:
    server = strict(name)
    with serving(server, monkeypatch):
        chat = chatting(driver, server.case.call("m", tools=[add], stream=streaming))
        history: list[Any] = [QUESTION]
        for answer_number in range(CALLS):
            answer = chat(history)
            assert [tool.args for tool in tools_of(answer)] == [{"a": answer_number, "b": 1}]
            history = extended(history, answer)
        assert chat(history).content == "3"
        history = [*extended(history, answer), Messages.User("And?")]


@pytest.mark.parametrize("saved", [False, True], ids=["", "saved"])
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", BY_NAME)
def test_a_provider_agnostic_call_sends_back_what_it_received(
    name: str, driver: Driver, monkeypatch: pytest.MonkeyPatch, *, streaming: bool, saved: bool
) -> None:
    """Also when the history is saved as JSON and loaded again before each request."""
    server = strict(name)
    with serving(server, monkeypatch):
        call = llm.call(server.case.name, "m", tools=[add], stream=streaming)
        chat = chatting(driver, call)
        history: list[BaseMessageParam] = [QUESTION]
        for _ in range(CALLS):
            history = extended(history, chat(history))
            if saved:
                history = HISTORY.validate_json(HISTORY.dump_json(history))
        answer = chat(history)
        assert answer.content == "3"
        assert all(isinstance(message, BaseMessageParam) for message in answer.messages)
        assert isinstance(answer.message_param, BaseMessageParam)
        chat([*extended(history, answer), Messages.User("And?")])


PAIRS = [(one, other) for one in ONE_EACH for other in ONE_EACH if one != other]
WITHOUT_MORE = {"openai", "gemini-without-signatures"}
"""Servers whose responses fit completely into the parts of provider-agnostic messages."""


@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda name: name)
def test_a_tool_loop_continues_with_another_provider(
    one: str, other: str, driver: Driver, monkeypatch: pytest.MonkeyPatch, *, streaming: bool
) -> None:
    first, second = strict(one), strict(other)
    with serving(first, monkeypatch), serving(second, monkeypatch):
        call = llm.call(first.case.name, "m", tools=[add], stream=streaming)
        chat = chatting(driver, call)
        with losses() as reported:
            history = extended([QUESTION], chat([QUESTION]))
            with llm.context(provider=second.case.name, model="m"):
                history = extended(history, chat(history))
            answer = chat(history)
            assert (answer.provider, answer.content) == (first.case.name, "3")
            chat([*extended(history, answer), Messages.User("And?")])
    expected = [
        f"only {lost} can read (such as thinking, signatures or citations) are not sent to {to}"
        for lost, to in ((one, other), (other, one))
        if lost not in WITHOUT_MORE
    ]
    assert len(reported) == len(expected)
    assert all(text.endswith(end) for text, end in zip(reported, expected, strict=True))


@pytest.mark.parametrize("other", ["anthropic", "mistral", "gemini"])
def test_a_fallback_continues_a_tool_loop(
    other: str, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = strict("groq"), strict(other)
    with serving(first, monkeypatch) as loopback, serving(second, monkeypatch):
        fallback = retries.fallback(
            our_errors.StreamError,
            [{"catch": our_errors.StreamError, "provider": second.case.name, "model": "m"}],
        )
        call = llm.call("groq", "m", tools=[add], stream=True, max_retries=0)
        chat = chatting(driver, lambda fn: fallback(call(fn)))
        history = extended([QUESTION], chat([QUESTION]))
        loopback.respond = lambda _: first.case.refusal(503)
        with losses() as reported:
            answer = chat(history)
            history = extended(history, answer)
            assert answer.provider == second.case.name
            loopback.respond = first
            assert chat(history).content == "3"
    assert len(reported) == 2


@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("name", [*ONE_EACH, "mistral-without-ids"])
def test_a_call_without_an_id_gets_one(
    name: str, driver: Driver, monkeypatch: pytest.MonkeyPatch, *, streaming: bool
) -> None:
    server = strict(name) if name.endswith("without-ids") else without_ids(strict(name))
    with serving(server, monkeypatch):
        call = server.case.call("m", tools=[add], stream=streaming)
        answers = [chatting(driver, call)([QUESTION]) for _ in range(2)]
    ids: list[str] = []
    for answer in answers:
        (tool,) = tools_of(answer)
        ids.append(tool.tool_call.id)
        response = answer.construct_call_response() if streaming else answer
        again = pickle.loads(pickle.dumps(response))  # noqa: S301
        for each in (response, response, again):
            assert each.tool.tool_call.id == ids[-1]
            assert ids[-1] in str(each.message_param)
            assert ids[-1] in str(each.tool_message_params([(tool, "2")]))
            assert each.common_message_param.content[-1].id == ids[-1]
    assert ids[0] != ids[1]
    assert all(len(each) == 9 and each.isalnum() for each in ids)


EMPTY = {
    "anthropic": {"role": "assistant", "content": []},
    "bedrock": {"role": "assistant", "content": []},
    "cohere": {"role": "assistant", "content": []},
    "gemini": {"role": "model", "parts": [{"text": ""}]},
    "groq": {"role": "assistant", "content": ""},
    "mistral": {"role": "assistant", "content": ""},
    "ollama-native": {"role": "assistant", "content": ""},
    "openai": {"role": "assistant", "content": None},
}
THOUGHTS = {
    "anthropic": {"content": [{"type": "thinking", "thinking": "Hm", "signature": "s"}]},
    "bedrock": {
        "content": [{"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}}]
    },
    "cohere": {"content": [{"type": "thinking", "thinking": "Hm"}]},
    "gemini": {"parts": [{"text": "Hm", "thought": True}]},
    "groq": {"reasoning": "Hm"},
    "mistral": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]},
    "ollama-native": {"thinking": "Hm"},
    "openai": {"reasoning": "Hm"},
}


def without_content(name: str, *, thoughts: bool) -> dict[str, Any]:
    """Return a response without content."""
    return EMPTY[name] | (THOUGHTS[name] if thoughts else {})


@pytest.mark.parametrize("thoughts", [False, True], ids=["nothing", "thoughts"])
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("common", [False, True], ids=["own", "common"])
@pytest.mark.parametrize("name", ONE_EACH)
def test_a_conversation_continues_after_a_response_without_content(
    name: str,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    *,
    common: bool,
    streaming: bool,
    thoughts: bool,
) -> None:
    """After the results of tools, which is where models respond so."""
    server = strict(name)
    answer = without_content(name, thoughts=thoughts)
    server.text = lambda _: answer
    with serving(server, monkeypatch):
        decorate = llm.call(name, "m", tools=[add], stream=streaming)
        if not common:
            decorate = server.case.call("m", tools=[add], stream=streaming)
        chat = chatting(driver, decorate)
        history: list[Any] = [QUESTION]
        for _ in range(CALLS):
            history = extended(history, chat(history))
        last = chat(history)
        assert last.content == ""
        chat([*history, last.message_param, Messages.User("And?")])


@pytest.mark.parametrize("other", ONE_EACH)
def test_reasoning_alone_is_not_sent_to_another_provider(
    other: str, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = "anthropic" if other != "anthropic" else "gemini"
    native = {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm"}]}
    thoughts = BaseMessageParam.model_validate(
        {"role": "assistant", "content": "", "native": {"provider": one, "message": native}}
    )
    with serving(strict(other), monkeypatch):
        chat = chatting(driver, llm.call(other, "m"))
        with losses() as reported:
            chat([QUESTION, thoughts, Messages.User("And?")])
    assert len(reported) == 1


def answers(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[BaseMessageParam, Any]:
    """Return the provider-agnostic message of a first response, and the tool that it calls."""
    with serving(strict(name), monkeypatch):
        response: Any = chatting(Driver(asynchronous=False), llm.call(name, "m", tools=[add]))(
            [QUESTION]
        )
    return response.message_param, response.tool


def test_a_changed_message_is_sent_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    message, tool = answers("anthropic", monkeypatch)
    assert message.native is not None
    changed = message.model_copy(update={"content": [*message.content][1:]})
    result = llm.CallResponse.tool_message_params([(tool, "1")])
    server = strict("anthropic")
    with serving(server, monkeypatch) as loopback:
        chatting(Driver(asynchronous=False), llm.call("anthropic", "m"))(
            [QUESTION, changed, *result]
        )
        sent = loopback.requests[0].json["messages"][1]["content"]
    assert [block["type"] for block in sent] == ["tool_use"]


def test_a_message_that_the_parts_hold_has_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    message, _ = answers("openai", monkeypatch)
    assert message.native is None
    assert set(json.loads(message.model_dump_json())) == {"role", "content"}
    assert repr(Messages.User("Hi")) == "BaseMessageParam(role='user', content='Hi')"


FOREIGN: list[tuple[str, Any]] = [
    ("anthropic", {"role": "model", "parts": [{"text": "Hi"}]}),
    ("anthropic", {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}]}),
    ("cohere", {"role": "model", "parts": [{"text": "Hi"}]}),
    ("gemini", {"role": "assistant", "content": "Hi"}),
    ("groq", {"role": "model", "parts": [{"text": "Hi"}]}),
    ("mistral", {"role": "model", "parts": [{"text": "Hi"}]}),
    ("openai", {"role": "model", "parts": [{"text": "Hi"}]}),
]


@pytest.mark.parametrize(("name", "message"), FOREIGN)
def test_a_message_in_another_provider_s_format_is_an_error(
    name: str, message: Any, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(strict(name), monkeypatch) as loopback:
        for each in (message, _sdk_object(message)):
            chat = chatting(driver, strict(name).case.call("m"))
            with pytest.raises(
                ValueError, match=r"format of another provider.*common_message_param"
            ):
                chat([QUESTION, each, QUESTION])
        assert loopback.requests == []


def _sdk_object(message: dict[str, Any]) -> Any:
    from google.genai.types import Content  # noqa: PLC0415
    from openai.types.chat import ChatCompletionMessage  # noqa: PLC0415

    if "parts" in message:
        return Content.model_validate(message)
    return ChatCompletionMessage.model_construct(None, **message)


LONG = "call/with:signs" * 10


@pytest.mark.parametrize("name", ["anthropic", "mistral"])
def test_ids_are_translated_for_calls_and_results_alike(
    name: str, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = "abcDEF009"
    history = HISTORY.validate_python(
        [
            QUESTION,
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_call", "name": "add", "args": {"a": 1, "b": 1}, "id": id_}
                    for id_ in (LONG, fits, LONG + "b")
                ],
            },
            {
                "role": "tool",
                "content": [
                    {"type": "tool_result", "name": "add", "content": "2", "id": id_}
                    for id_ in (LONG, fits, LONG + "b")
                ],
            },
        ]
    )
    with serving(strict(name), monkeypatch) as loopback:
        chat = chatting(driver, llm.call(name, "m"))
        assert chat(history).provider == name
        chat(history)
        sent = [request.body for request in loopback.requests]
    assert sent[0] == sent[1]
    assert sent[0].count(fits.encode()) == 2


def test_bytes_of_parts_are_saved_as_json() -> None:
    from mirascope.core import AudioPart, DocumentPart, ImagePart  # noqa: PLC0415

    data = bytes(range(256))
    parts = [
        ImagePart(media_type="image/png", image=data),
        AudioPart(media_type="audio/wav", audio=data),
        DocumentPart(media_type="application/pdf", document=data),
    ]
    history = [Messages.User(parts)]
    assert HISTORY.validate_json(HISTORY.dump_json(history)) == history


@pytest.mark.parametrize("name", ONE_EACH)
def test_the_strict_servers_reject_invalid_conversations(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers of these tests do see what is missing or altered."""
    server = strict(name)
    with serving(server, monkeypatch) as loopback:
        chat = chatting(Driver(asynchronous=False), server.case.call("m", tools=[add]))
        history = extended([QUESTION], chat([QUESTION]))
        for wrong in ([*history[:2], QUESTION], [QUESTION, *history[2:]]):
            with pytest.raises(our_errors.BadRequest):
                chat(wrong)
        given = json.dumps(server.given[0]).replace("Add", "And").replace('"c2ln', '"c3ln')
        if given != json.dumps(server.given[0]):
            server.given[0] = json.loads(given)
            with pytest.raises(our_errors.BadRequest):
                chat(history)
        assert isinstance(loopback.respond, Strict)
        assert isinstance(loopback.respond(loopback.requests[0]), Response)


@pytest.mark.parametrize("other", ["gemini", "mistral", "openai"])
def test_results_are_sent_with_the_names_of_their_tools(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though Anthropic's own results have none, and the history is made of its own messages."""
    own = strict("anthropic")
    with serving(own, monkeypatch):
        chat = chatting(Driver(asynchronous=False), own.case.call("m", tools=[add]))
        response = chat(extended([QUESTION], chat([QUESTION])))
    history = [message.model_copy(update={"native": None}) for message in response.common_messages]
    with serving(strict(other), monkeypatch):
        answer = chatting(Driver(asynchronous=False), llm.call(other, "m", tools=[add]))(history)
    assert answer.tool.args == {"a": 1, "b": 1}


def test_a_provider_s_prompt_cache_sees_an_identical_prefix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The arguments of calls go back as they were written, and no loss is reported for that."""
    server = strict("openai")
    compact = '{"a":0,"b":1.0}'
    calling = server.calling

    def called(answer: int) -> dict[str, Any]:
        message = calling(answer)
        message["tool_calls"][0]["function"]["arguments"] = compact
        return message

    server.calling = called
    with serving(server, monkeypatch) as loopback, serving(strict("groq"), monkeypatch):
        chat = chatting(Driver(asynchronous=False), llm.call("openai", "m", tools=[add]))
        history = extended([QUESTION], chat([QUESTION]))
        chat(history)
        sent = loopback.requests[1].json["messages"][1]["tool_calls"][0]["function"]["arguments"]
        assert sent == compact
        with llm.context(provider="groq", model="m"):
            chat(history)


def test_trailing_thinking_of_an_anthropic_response_is_not_sent_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The API refuses it there, and texts that are blank."""
    server = strict("anthropic")
    blocks = [
        {"type": "text", "text": "Hm"},
        {"type": "text", "text": "\n\n"},
        {"type": "thinking", "thinking": "On", "signature": "s"},
        {"type": "redacted_thinking", "data": "r"},
    ]
    server.calling = lambda _: {"role": "assistant", "content": blocks}
    with serving(server, monkeypatch):
        response = chatting(Driver(asynchronous=False), server.case.call("m"))([QUESTION])
    assert response.message_param == {"role": "assistant", "content": [{**blocks[0]}]}
    assert response.reasoning == "On"


def test_a_blank_text_of_another_provider_is_not_sent_to_anthropic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = [
        {"type": "text", "text": " "},
        {"type": "tool_call", "name": "add", "args": {"a": 1, "b": 1}, "id": "a"},
    ]
    given = [{"type": "tool_result", "name": "add", "content": "2", "id": "a"}]
    history = HISTORY.validate_python(
        [QUESTION, {"role": "assistant", "content": said}, {"role": "user", "content": given}]
    )
    with serving(strict("anthropic"), monkeypatch):
        chatting(Driver(asynchronous=False), llm.call("anthropic", "m"))(history)
