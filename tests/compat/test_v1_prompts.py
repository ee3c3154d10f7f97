"""What v1 documents of prompts: classes, methods, docstrings, and audio of the wave module."""

from __future__ import annotations

import base64
import io
import json
import sys
import wave
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pytest
from pydantic import AfterValidator, BaseModel
from support.providers import CASES

from mirascope import llm
from mirascope.core import (
    BaseMessageParam,
    BasePrompt,
    BaseTool,
    FromCallArgs,
    Messages,
    metadata,
    prompt_template,
)
from mirascope.core.base import AudioPart, TextPart
from mirascope.testing.loopback import Loopback, Response

if TYPE_CHECKING:
    from support.cases import Case, Driver

EMMA = '{"title": "Emma"}'
ON_LLM = pytest.mark.parametrize("agnostic", [False, True], ids=["core", "llm"])


def decorator(case: Case, *, agnostic: bool, **options: Any) -> Any:
    return llm.call(case.name, "m", **options) if agnostic else case.call("m", **options)


def get_author(title: str) -> str:
    """Returns the author of a book."""
    return f"the author of {title}"


def lower(text: str) -> str:
    if not text.islower():
        raise ValueError("must be lower case")
    return text


class Find(BaseTool):
    """Finds a book."""

    title: Annotated[str, AfterValidator(lower)]

    def call(self) -> str:
        return self.title


class Book(BaseModel):
    title: str
    author: str


# Prompts that are classes.


@metadata({"tags": {"version:0001"}})
@prompt_template(
    """
    SYSTEM: You are {role}.
    USER: Recommend a {genre} book
    """
)
class BookPrompt(BasePrompt):
    genre: str

    @property
    def role(self) -> str:
        return "a librarian"


TEMPLATE = "SYSTEM: You are {role}.\nUSER: Recommend a {genre} book"


def test_a_prompt_class_dumps_its_metadata_and_its_text() -> None:
    assert BookPrompt(genre="fantasy").dump() == {
        "metadata": {"tags": {"version:0001"}},
        "prompt": "SYSTEM: You are a librarian.\nUSER: Recommend a fantasy book",
        "template": TEMPLATE,
        "inputs": {"genre": "fantasy"},
    }


@ON_LLM
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_what_a_prompt_class_runs_knows_the_prompt(
    case: Case, driver: Driver, server: Loopback, *, agnostic: bool, stream: bool
) -> None:
    names: list[str] = []

    def named(fn: Any) -> Any:
        names.append(fn.__name__)
        return fn

    server.queue = [
        Response(case.response("Emma")) if stream else Response.of_json(case.plain("Emma"))
    ]
    prompt, call = BookPrompt(genre="fantasy"), decorator(case, agnostic=agnostic, stream=stream)
    if driver.asynchronous:

        async def run() -> Any:
            return await prompt.run_async(call, named)

        answer = driver.run(run)
    else:
        answer = prompt.run(call, named)
    assert answer.metadata == {"tags": {"version:0001"}}
    assert answer.fn_args == {"genre": "fantasy"}
    assert answer.prompt_template == TEMPLATE
    assert names == ["BookPrompt"]


def test_settings_of_a_prompt_class_replace_its_metadata(case: Case, server: Loopback) -> None:
    @prompt_template("Recommend a {genre} book")
    @metadata({"tags": {"old"}})
    class Prompt(BasePrompt):
        genre: str

        def dynamic_config(self) -> Any:
            return {"metadata": {"tags": {self.genre}}}

    class Review(BaseModel):
        genre: Annotated[str, FromCallArgs()]
        title: str

    server.queue = [Response.of_json(case.called_plain("Review", EMMA))]
    review: Any = Prompt(genre="crime").run(case.call("m", response_model=Review))
    assert review == Review(genre="crime", title="Emma")
    assert review._response.metadata == {"tags": {"crime"}}
    assert Prompt(genre="crime").dump()["metadata"] == {"tags": {"old"}}


def test_a_template_as_a_class_variable() -> None:
    class Declared(BasePrompt):
        prompt_template: ClassVar[str] = """
            Recommend a {genre} book
            """
        genre: str

    class Plain(BasePrompt):
        prompt_template = "Recommend a {genre} book"
        genre: str

    for kind in (Declared, Plain):
        prompt = kind(genre="fantasy")
        assert str(prompt) == "Recommend a fantasy book"
        assert prompt.dump()["template"] == "Recommend a {genre} book"
        assert prompt.message_params() == [Messages.User("Recommend a fantasy book")]


def test_a_docstring_as_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    class Prompt(BasePrompt):
        """Recommend a {genre} book"""  # noqa: D415

        genre: str

    prompt = Prompt(genre="fantasy")
    with pytest.raises(ValueError, match="Prompt has no prompt"):
        str(prompt)
    monkeypatch.setenv("MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE", "ENABLED")
    if sys.flags.optimize < 2:
        assert str(prompt) == "Recommend a fantasy book"
        assert prompt.dump()["template"] == "Recommend a {genre} book"


def test_the_docstring_of_a_function_is_its_template(
    case: Case, driver: Driver, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRASCOPE_DOCSTRING_PROMPT_TEMPLATE", "ENABLED")
    server.queue = [Response.of_json(case.plain("Emma"))]
    decorate = case.call("m")

    @decorate
    def recommend(genre: str) -> None:
        """Recommend a {genre} book"""  # noqa: D415

    @decorate
    async def arecommend(genre: str) -> None:
        """Recommend a {genre} book"""  # noqa: D415

    if sys.flags.optimize < 2:
        response = driver.call(arecommend if driver.asynchronous else recommend)
        assert response.prompt_template == "Recommend a {genre} book"
        assert response.dynamic_config is None
        assert "Recommend a fantasy book" in json.dumps(server.requests[0].json)


def test_a_prompt_prints_its_template_as_it_stands() -> None:
    @prompt_template("USER: Hi {name}")
    class Alone(BasePrompt):
        name: str

    @prompt_template(
        """
        SYSTEM:
        Be {name}.
          Be brief.

        MESSAGES: {history}
        USER: Hi
        """
    )
    class Several(BasePrompt):
        name: str
        history: list[BaseMessageParam]

    assert str(Alone(name="{Ann}")) == "USER: Hi {Ann}"
    assert Alone(name="Ann").dump()["prompt"] == "USER: Hi Ann"
    several = Several(name="Ann", history=[])
    assert str(several) == "SYSTEM:\nBe Ann.\n  Be brief.\n\nMESSAGES: []\nUSER: Hi"


def test_a_prompt_prints_the_values_of_its_parts() -> None:
    @prompt_template("See {photo:image(detail=low)}{none:image}\nand {texts:texts}, {sound:audio}")
    class Prompt(BasePrompt):
        photo: bytes
        texts: list[str]
        sound: str
        none: str | None = None

    prompt = Prompt(photo=b"x", texts=["a", "b"], sound="http://sound")
    assert str(prompt) == "See b'x'\nand ['a', 'b'], http://sound"


# Prompts that are functions.


class Librarian:
    name = "Ann"

    @prompt_template()
    def messages(self, genre: str) -> Any:
        return [Messages.System(f"You are {self.name}."), Messages.User(genre)]

    @prompt_template()
    async def amessages(self, genre: str) -> Any:
        return self.messages(genre)

    @metadata({"tags": {"t"}})
    @prompt_template("SYSTEM: You are {self.name}.\nUSER: {genre}")
    def template(self, genre: str) -> None: ...

    @metadata({"tags": {"t"}})
    @prompt_template("SYSTEM: You are {self.name}.\nUSER: {genre}")
    async def atemplate(self, genre: str) -> None: ...

    @prompt_template()
    def settings(self, genre: str) -> Any:
        return {"messages": self.messages(genre), "metadata": {"tags": {"t"}}}

    @prompt_template()
    async def asettings(self, genre: str) -> Any:
        return self.settings(genre)


@ON_LLM
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("method", ["messages", "template", "settings"])
def test_a_method_with_a_template_is_called_bound(
    case: Case, driver: Driver, server: Loopback, method: str, *, agnostic: bool, stream: bool
) -> None:
    server.queue = [
        Response(case.response("Emma")) if stream else Response.of_json(case.plain("Emma"))
    ]
    bound = getattr(Librarian(), "a" * driver.asynchronous + method)
    function = decorator(case, agnostic=agnostic, stream=stream)(bound)
    answer = driver.call_and_read(function)[0] if stream else driver.call(function)
    assert answer.content == "Emma"
    assert answer.fn_args == {"genre": "fantasy"}
    assert answer.metadata == ({} if method == "messages" else {"tags": {"t"}})
    sent = json.dumps(server.requests[0].json)
    assert "You are Ann." in sent
    assert "fantasy" in sent


@pytest.mark.parametrize("method", ["messages", "template"])
def test_a_class_method_with_a_template_is_called_bound(
    case: Case, server: Loopback, method: str
) -> None:
    class Town:
        name = "Ann"
        prompt = classmethod(getattr(Librarian, method))

    server.queue = [Response.of_json(case.plain("Emma"))]
    assert case.call("m")(Town.prompt)("fantasy").content == "Emma"
    assert "You are Ann." in json.dumps(server.requests[0].json)


def test_a_prompt_function_gives_its_settings(driver: Driver) -> None:
    settings = {"messages": [Messages.User("x")], "computed_fields": {"a": 1}}

    @prompt_template()
    def ask(_: str) -> Any:
        return settings

    @prompt_template()
    async def aask(_: str) -> Any:
        return settings

    assert driver.call(aask if driver.asynchronous else ask) == settings

    @prompt_template("{a}")
    def filled() -> Any:
        return {"computed_fields": {"a": 1}}

    assert filled() == [Messages.User("1")]


@pytest.mark.parametrize(
    "result",
    ["fantasy", Messages.User("fantasy"), [Messages.User("fantasy")], ["fantasy"]],
    ids=["text", "message", "messages", "texts"],
)
def test_what_a_prompt_function_returns_is_its_configuration(
    case: Case, server: Loopback, result: Any
) -> None:
    @case.call("m", stream=True)
    def ask() -> Any:
        return result

    (message,) = ask().dynamic_config["messages"]
    assert isinstance(message, BaseMessageParam)
    assert "fantasy" in str(message.content)
    assert server.requests == []


# Sound.


def sound(frames: bytes = b"\0\1" * 8) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(8000)
        writing.writeframes(frames)
    return io.BytesIO(file.getvalue())


def wave_in(part: Any) -> tuple[bytes, int]:
    assert isinstance(part, AudioPart)
    assert part.media_type == "audio/wav"
    assert isinstance(part.audio, bytes)
    with wave.open(io.BytesIO(part.audio)) as again:
        return again.readframes(again.getnframes()), again.getframerate()


def test_what_the_wave_module_reads_is_a_part() -> None:
    whole = (b"\0\1" * 8, 8000)
    with wave.open(sound()) as file:
        file.readframes(3)  # wherever it has been read to, it is one sound
        content = Messages.User(["Listen:", file]).content
        assert content[0] == TextPart(text="Listen:")
        assert wave_in(content[1]) == wave_in(Messages.User(file).content[0]) == whole
        assert file.tell() == 3

        @prompt_template("Listen: {file:audio} {files:audios}")
        def ask(file: Any, files: list[Any]) -> None: ...

        assert [wave_in(part) for part in ask(file, [file]).pop().content[1:]] == [whole] * 2

        @prompt_template()
        def listen() -> Any:
            return ["Listen:", file]

        assert wave_in(listen()[0].content[1]) == whole


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.family in {"openai", "gemini", "mistral"}],
    ids=lambda case: case.name,
)
def test_what_the_wave_module_reads_is_sent(case: Case, driver: Driver, server: Loopback) -> None:
    server.queue = [Response.of_json(case.plain("Emma"))]
    with wave.open(sound()) as file:
        decorate = case.call("m")

        def ask(genre: str) -> Any:
            return [genre, file]

        async def aask(genre: str) -> Any:
            return [genre, file]

        driver.call(decorate(aask if driver.asynchronous else ask))
    data = base64.b64encode(sound().getvalue()).decode()
    assert data in json.dumps(server.requests[0].json).replace("-", "+").replace("_", "/")


# Toolkits.


# Tools.


# Errors.


# Warnings.


# What is told of answers.
