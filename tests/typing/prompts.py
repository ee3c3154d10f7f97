"""What type checkers see of prompts: classes, settings that are returned, bound methods."""

import wave
from typing import ClassVar, assert_type

from pydantic import ValidationError

from mirascope import errors
from mirascope.core import (
    BaseMessageParam,
    BasePrompt,
    BaseTool,
    Messages,
    metadata,
    openai,
    prompt_template,
)
from mirascope.core.openai import OpenAICallResponse, OpenAIDynamicConfig, OpenAIStream


@metadata({"tags": {"v1"}})
@prompt_template("Recommend a {genre} book")
class BookPrompt(BasePrompt):
    """A prompt."""

    genre: str


class TitlePrompt(BasePrompt):
    """A prompt with its template inside."""

    prompt_template: ClassVar[str] = "Recommend {title}"
    title: str


assert_type(BookPrompt(genre="fantasy"), BookPrompt)
assert_type(BookPrompt(genre="fantasy").run(openai.call("m")), OpenAICallResponse)
assert_type(TitlePrompt(title="Emma").run(openai.call("m", stream=True)), OpenAIStream)
assert_type(BookPrompt(genre="fantasy").run(openai.call("m", response_model=int)), int)


@prompt_template()
def settings(genre: str) -> OpenAIDynamicConfig:
    """Return settings."""
    return {"messages": [Messages.User(genre)]}


@prompt_template()
async def asettings(genre: str) -> OpenAIDynamicConfig:
    """Return settings."""
    return {"messages": [Messages.User(genre)]}


@prompt_template()
def messages(genre: str) -> Messages.Type:
    """Return messages."""
    return [Messages.User(genre)]


assert_type(settings("fantasy"), OpenAIDynamicConfig)
assert_type(messages("fantasy"), list[BaseMessageParam])
assert_type(openai.call("m")(settings)("fantasy"), OpenAICallResponse)


async def aprompts() -> None:
    """Await what async prompts give."""
    assert_type(await asettings("fantasy"), OpenAIDynamicConfig)
    assert_type(await openai.call("m")(asettings)("fantasy"), OpenAICallResponse)
    assert_type(
        await BookPrompt(genre="fantasy").run_async(openai.call("m", stream=True)), OpenAIStream
    )


class Librarian:
    """What has a prompt."""

    @prompt_template()
    def prompt(self, genre: str) -> Messages.Type:
        """Return a text."""
        return genre

    def ask(self, genre: str) -> OpenAICallResponse:
        """Call a model with the bound prompt."""
        return openai.call("m")(self.prompt)(genre)


with wave.open("a.wav", "rb") as file:
    assert_type(Messages.User(["Listen:", file]), BaseMessageParam)


def tool_of(response: OpenAICallResponse) -> BaseTool | None:
    """Return a tool, if there is one that is usable."""
    try:
        tool = response.tool
    except errors.ToolCallError as error:
        unusable: ValidationError = error
        assert_type(unusable.error_count(), int)
        return None
    if tool is not None:
        assert_type(tool.id, str | None)
    return tool
