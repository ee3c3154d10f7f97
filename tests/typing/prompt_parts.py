"""Prompts of parts, and merged decorators, as type checkers see them."""

from collections.abc import Callable
from typing import assert_type

from PIL import Image as PILImage

from mirascope.core import BaseMessageParam, Messages, merge_decorators, openai, prompt_template
from mirascope.core.base import TextPart
from mirascope.core.openai import OpenAIStream

assert_type(Messages.User(["a", TextPart(text="b")]), BaseMessageParam)
assert_type(Messages.User(PILImage.new("RGB", (1, 1))), BaseMessageParam)


@prompt_template()
def looking(image: PILImage.Image) -> Messages.Type:
    return Messages.User(["What is this?", image])


assert_type(looking(PILImage.new("RGB", (1, 1))), list[BaseMessageParam])


def calling(fn: Callable[[str], str]) -> Callable[[str], OpenAIStream]:
    return openai.call("m", stream=True)(fn)


merged = merge_decorators(calling, prompt_template("Recommend a {genre} book"))


@merged()
def recommend(genre: str) -> str:
    return genre


assert_type(recommend("fantasy"), OpenAIStream)
