"""Libraries that stream OpenAI's answers too, in their newest versions: `python peers.py PEER URL`.

Each is read as its documentation shows, with the client that it makes by itself. It runs in an
environment of its own, where it has beside it the OpenAI SDK that it brings, whose own loop is a
leg as well. Only the standard library and the peer are needed here.
"""

import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any, NamedTuple

from child import Leg, serve
from sdks import GENRE, PROMPT, QUESTION, environment, openai

ASKED = QUESTION.format(genre=GENRE)
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # or it would ask the network for one


def mirascope_v1() -> Leg:
    from mirascope.core import openai, prompt_template

    @cache
    def function(model: str) -> Any:
        @openai.call(model, stream=True)
        @prompt_template(QUESTION)
        def recommend(genre: str) -> None: ...

        return recommend

    @cache
    def async_function(model: str) -> Any:
        @openai.call(model, stream=True)
        @prompt_template(QUESTION)
        async def recommend(genre: str) -> None: ...

        return recommend

    return Leg(
        open=lambda model: function(model)(GENRE),
        aopen=lambda model: async_function(model)(GENRE),
        said=lambda item: item[0].content,
    )


def mirascope_v2() -> Leg:
    from mirascope import llm

    @cache
    def function(model: str) -> Any:
        @llm.call(f"openai/{model}:completions")
        def recommend(genre: str) -> str:
            return QUESTION.format(genre=genre)

        return recommend

    @cache
    def async_function(model: str) -> Any:
        @llm.call(f"openai/{model}:completions")
        async def recommend(genre: str) -> str:
            return QUESTION.format(genre=genre)

        return recommend

    async def aopen(model: str) -> Any:
        response = await async_function(model).stream(GENRE)
        return response.text_stream(sep="")

    return Leg(open=lambda model: function(model).stream(GENRE).text_stream(sep=""), aopen=aopen)


def litellm() -> Leg:
    import litellm

    def asked(model: str) -> dict[str, Any]:
        return {"model": f"openai/{model}", "messages": PROMPT, "stream": True}

    return Leg(
        open=lambda model: litellm.completion(**asked(model)),
        aopen=lambda model: litellm.acompletion(**asked(model)),
        said=lambda chunk: chunk.choices[0].delta.content or "",
    )


def langchain() -> Leg:
    from langchain_openai import ChatOpenAI

    client = cache(lambda model: ChatOpenAI(model=model))

    async def aopen(model: str) -> Any:
        return client(model).astream(ASKED)

    return Leg(
        open=lambda model: client(model).stream(ASKED),
        aopen=aopen,
        said=lambda chunk: chunk.content,
    )


def pydantic_ai() -> Leg:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel

    agent = cache(lambda model: Agent(OpenAIChatModel(model)))
    each = {"delta": True, "debounce_by": None}

    async def texts(model: str) -> AsyncIterator[str]:
        async with agent(model).run_stream(ASKED) as result:
            async for text in result.stream_text(**each):
                yield text

    async def aopen(model: str) -> Any:
        return texts(model)

    return Leg(
        open=lambda model: agent(model).run_stream_sync(ASKED).stream_text(**each), aopen=aopen
    )


def any_llm() -> Leg:
    import any_llm

    def asked(model: str) -> dict[str, Any]:
        base = os.environ["OPENAI_BASE_URL"]
        return {"model": f"openai:{model}", "messages": PROMPT, "stream": True, "api_base": base}

    return Leg(
        open=lambda model: any_llm.completion(**asked(model)),
        aopen=lambda model: any_llm.acompletion(**asked(model)),
        said=lambda item: (item.choices[0].delta.content or "") if item.choices else "",
    )


def magentic() -> Leg:
    from magentic import AsyncStreamedStr, OpenaiChatModel, StreamedStr, prompt

    @cache
    def function(model: str) -> Any:
        @prompt(QUESTION, model=OpenaiChatModel(model))
        def recommend(genre: str) -> StreamedStr: ...  # type: ignore[empty-body]

        return recommend

    @cache
    def async_function(model: str) -> Any:
        @prompt(QUESTION, model=OpenaiChatModel(model))
        async def recommend(genre: str) -> AsyncStreamedStr: ...  # type: ignore[empty-body]

        return recommend

    return Leg(
        open=lambda model: function(model)(GENRE), aopen=lambda model: async_function(model)(GENRE)
    )


def llm() -> Leg:
    from llm.default_plugins.openai_models import AsyncChat, Chat

    base = os.environ["OPENAI_BASE_URL"]
    client = cache(lambda model: Chat(model, api_base=base))
    async_client = cache(lambda model: AsyncChat(model, api_base=base))

    async def aopen(model: str) -> Any:
        return async_client(model).prompt(ASKED)

    return Leg(open=lambda model: client(model).prompt(ASKED), aopen=aopen)


class Peer(NamedTuple):
    """What pip is asked for, and how it is read."""

    requirement: str
    leg: Callable[[], Leg]

    @property
    def package(self) -> str:
        return re.split(r"[\[<>=]", self.requirement)[0]


PEERS = {
    "mirascope-v1": Peer("mirascope[openai]<2", mirascope_v1),
    "mirascope-v2": Peer("mirascope[openai]>=2", mirascope_v2),
    "litellm": Peer("litellm", litellm),
    "langchain-openai": Peer("langchain-openai", langchain),
    "pydantic-ai": Peer("pydantic-ai-slim[openai]", pydantic_ai),
    "any-llm": Peer("any-llm-sdk[openai]", any_llm),
    "magentic": Peer("magentic", magentic),
    "llm": Peer("llm", llm),
}


def main() -> None:
    name, url = sys.argv[1:]
    os.environ |= environment(url) | QUIET
    serve({"peer": PEERS[name].leg(), "sdk": openai().leg()})


if __name__ == "__main__":
    main()
