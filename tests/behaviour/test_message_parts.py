"""Parts of messages: from templates, to the providers and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anthropic.types import MessageParam
from cohere import ChatMessageV2
from google.genai.types import Content
from groq.types.chat import ChatCompletionMessageParam as GroqMessageParam
from hypothesis import given
from hypothesis import strategies as st
from mistralai.client.models import ChatCompletionRequestMessage
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import ResponseInputItemParam
from pydantic import TypeAdapter
from support.cases import Case, Driver

from mirascope import llm
from mirascope.core import Messages, prompt_template
from mirascope.core._dialects.chat_completions import encoder as openai
from mirascope.core._dialects.chat_completions.messages import normalize
from mirascope.core._dialects.responses import encoder as openai_responses
from mirascope.core._dialects.responses import messages as openai_responses_messages
from mirascope.core._prompts.message_param import Part
from mirascope.core.anthropic import _encoder as anthropic
from mirascope.core.anthropic import _normalize as anthropic_normalize
from mirascope.core.base import (
    AudioPart,
    AudioURLPart,
    BaseMessageParam,
    CacheControlPart,
    DocumentPart,
    DocumentURLPart,
    ImagePart,
    ImageURLPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mirascope.core.bedrock import BedrockMessageParam
from mirascope.core.bedrock import _encoder as bedrock
from mirascope.core.bedrock import _normalize as bedrock_normalize
from mirascope.core.cohere import _encoder as cohere
from mirascope.core.gemini import _encoder as gemini
from mirascope.core.gemini import _normalize as gemini_normalize
from mirascope.core.groq import _encoder as groq
from mirascope.core.mistral import _encoder as mistral
from mirascope.core.mistral import _messages as mistral_messages
from mirascope.testing.loopback import Loopback, Response

PNG = b"\x89PNG\r\n\x1a\n rest"
WAV = b"RIFF\x00\x00\x00\x00WAVE rest"
PDF = b"%PDF-1.7 rest"

ENCODERS: dict[str, Callable[..., dict[str, Any]]] = {
    "anthropic": anthropic.encode,
    "bedrock": bedrock.encode,
    "cohere": cohere.encode,
    "gemini": gemini.encode,
    "groq": groq.encode,
    "mistral": mistral.encode,
    "openai": openai.encode,
    "openai_responses": openai_responses.encode,
}
TYPES: dict[str, Any] = {
    "anthropic": MessageParam,
    "bedrock": BedrockMessageParam,
    "cohere": ChatMessageV2,
    "gemini": Content,
    "groq": GroqMessageParam,
    "mistral": ChatCompletionRequestMessage,
    "openai": ChatCompletionMessageParam,
    "openai_responses": ResponseInputItemParam,
}
COMMON: Mapping[str, Callable[..., BaseMessageParam]] = {
    "anthropic": anthropic_normalize.normalize,
    "bedrock": bedrock_normalize.normalize,
    "gemini": gemini_normalize.normalize,
    "mistral": mistral_messages.normalize,
    "openai_responses": openai_responses_messages.normalize,
}
EVERYBODY = sorted(ENCODERS)


def encoded(provider: str, *messages: BaseMessageParam) -> list[Any]:
    """Encode messages, which the SDK's own types must take as they are."""
    arguments = ENCODERS[provider]("m", list(messages), {}, streaming=False, tools=[], form=None)
    adapter = TypeAdapter[Any](TYPES[provider])
    for message in arguments["messages"]:
        adapter.validate_python(message)
    result: list[Any] = arguments["messages"]
    return result


def common(provider: str, message: Any) -> BaseMessageParam:
    return COMMON.get(provider, normalize)(message)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note"
    path.write_text("root:x:0:0:root")
    return path


def looks(driver: Driver, call: Any, **options: Any) -> Callable[[object], Any]:
    """Return a function whose prompt has an image, and whose template another function may have."""
    template = prompt_template("{source:image}")
    if driver.asynchronous:

        @template
        async def aprompt(source: object) -> None: ...

        @call(**options)
        async def alook(source: object) -> Any:
            return await aprompt(source)

        return lambda source: anyio.run(alook, source)

    @template
    def prompt(source: object) -> None: ...

    @call(**options)
    def look(source: object) -> Any:
        return prompt(source)

    return look


def test_a_call_decides_whether_texts_may_name_local_files(
    case: Case, driver: Driver, server: Loopback, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note.write_bytes(PNG)
    server.default = lambda: Response.of_json(case.plain("Seen."))
    for call in (partial(case.call, "m"), partial(llm.call, case.name, "m")):
        with pytest.raises(ValueError, match="names a local file"):
            looks(driver, call, local_files=False)(str(note))
        assert looks(driver, call, local_files=False)(note).content == "Seen."
        assert looks(driver, call)(str(note)).content == "Seen."
        with monkeypatch.context() as environment:
            environment.setenv("MIRASCOPE_LOCAL_FILES", "DISABLED")
            assert looks(driver, call, local_files=True)(str(note)).content == "Seen."
            with pytest.raises(ValueError, match="names a local file"):
                looks(driver, call)(str(note))
    assert len(server.requests) == 6
    with pytest.raises(TypeError, match="`local_files` is 'no'; it must be True, False or None"):
        case.call("m", local_files="no")


CALL = ToolCallPart(name="look", args={"at": "ü", "deep": [1]}, id="call_1")
RESULTS: list[Part] = [
    ToolResultPart(name="look", content="seen", id="call_1"),
    ToolResultPart(name="look", content="failed", id="call_2", is_error=True),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
calls = st.builds(
    ToolCallPart,
    name=st.just("look"),
    args=st.dictionaries(st.text(), json_values, max_size=3),
    id=st.text("abc1", min_size=1, max_size=4),
)
texts = st.text(min_size=1).filter(str.strip)  # blank ones are left out where an API refuses them
answers = st.builds(
    BaseMessageParam,
    role=st.just("assistant"),
    content=texts
    | st.builds(
        lambda said, called: [*said, *called],
        st.lists(st.builds(TextPart, text=texts), max_size=2),
        st.lists(calls, min_size=1, max_size=3),
    ),
)


@pytest.mark.parametrize("provider", EVERYBODY)
@given(answer=answers)
def test_an_assistant_message_is_the_same_after_a_round_trip(
    provider: str, answer: BaseMessageParam
) -> None:
    message, *others = encoded(provider, answer)
    if others:
        message = {"role": "assistant", "output": [message, *others]}
    assert common(provider, message) == answer
    assert common(provider, answer) is answer


@pytest.mark.parametrize("provider", EVERYBODY)
def test_tool_results_are_sent(provider: str) -> None:
    said = BaseMessageParam(role="user", content=[*RESULTS, TextPart(text="Go on")])
    messages = [common(provider, each) for each in encoded(provider, said)]
    parts = [part for m in messages if not isinstance(m.content, str) for part in m.content]
    results = [part for part in parts if isinstance(part, ToolResultPart)]
    assert [(result.id, result.content) for result in results] == [
        ("call_1", "seen"),
        ("call_2", "failed"),
    ]
    if provider in {"anthropic", "bedrock", "gemini"}:
        assert [m.role for m in messages] == ["user"]
        assert [result.is_error for result in results] == [False, True]
        assert parts[-1] == TextPart(text="Go on")
    else:
        assert [m.role for m in messages] == ["tool", "tool", "user"]
        assert messages[-1].content == "Go on"


TAKEN: dict[str, set[str]] = {
    "anthropic": {"image", "image_url", "document", "document_url", "cache_control"},
    "bedrock": {"image", "audio", "document", "cache_control"},
    "cohere": {"image", "image_url"},
    "gemini": {"image", "image_url", "audio", "audio_url", "document", "document_url"},
    "groq": {"image", "image_url"},
    "mistral": {"image", "image_url", "audio", "audio_url", "document", "document_url"},
    "openai": {"image", "image_url", "audio", "document"},
    "openai_responses": {"image", "image_url", "document", "document_url"},
}
MEDIA: list[Part] = [
    ImagePart(media_type="image/png", image=PNG),
    ImageURLPart(url="https://host.invalid/a.png"),
    AudioPart(media_type="audio/wav", audio=WAV),
    AudioURLPart(url="https://host.invalid/a.wav"),
    DocumentPart(media_type="application/pdf", document=PDF),
    DocumentURLPart(url="https://host.invalid/a.pdf"),
    CacheControlPart(cache_type="ephemeral"),
]


@pytest.mark.parametrize("provider", EVERYBODY)
@pytest.mark.parametrize("part", MEDIA, ids=lambda part: part.type)
def test_each_part_is_sent_or_is_an_error_that_names_it(provider: str, part: Part) -> None:
    said = Messages.User(["Look", part])
    if part.type not in TAKEN[provider]:
        name = provider.replace("_", " ")
        with pytest.raises(ValueError, match=rf"(?i){name} messages cannot have {part.type} parts"):
            encoded(provider, said)
        return
    (message,) = encoded(provider, said)
    back = common(provider, message).content
    if (provider, part.type) == ("mistral", "audio"):
        assert back[1] == part.model_copy(update={"media_type": "audio/*"})
    elif provider == "gemini" and part.type.endswith("_url"):
        assert back[1].media_type.startswith(("image/", "audio/", "application/pdf"))
        assert back[1].model_copy(update={"media_type": None}) == part
    else:
        assert back == said.content


@pytest.mark.parametrize("provider", EVERYBODY)
def test_a_tool_s_parts_have_their_places(provider: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)'s user messages cannot have tool_call parts"):
        encoded(provider, Messages.User([CALL]))
    with pytest.raises(
        ValueError, match=r"(?i)'s assistant messages cannot have tool_result parts"
    ):
        encoded(provider, Messages.Assistant(RESULTS))


@pytest.mark.parametrize("provider", [each for each in EVERYBODY if each != "gemini"])
def test_a_tool_call_without_an_id_is_an_error(provider: str) -> None:
    with pytest.raises(
        ValueError, match=r"(?i)needs an `id` for each tool call and result: 'look' has none"
    ):
        encoded(provider, Messages.Assistant([ToolCallPart(name="look")]))


def test_openai_supports_wav_and_mp3_audio_only() -> None:
    with pytest.raises(ValueError, match="WAV or MP3 only, not audio/flac"):
        encoded("openai", Messages.User([AudioPart(media_type="audio/flac", audio=b"fLaC")]))
