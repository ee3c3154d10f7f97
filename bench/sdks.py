"""The providers' own SDKs, each with the client that its class makes by itself.

Each is imported only when it is asked for: a measured process has one.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from child import Leg

QUESTION = "Recommend a {genre} book"
GENRE = "fantasy"
PROMPT = [{"role": "user", "content": QUESTION.format(genre=GENRE)}]


class SDK(NamedTuple):
    """A provider's SDK: its clients, how they stream, and the text of a typed chunk.

    An item of its streams is such a chunk, or has it inside.
    """

    client: Any
    async_client: Any
    open: Callable[[str], Any]
    aopen: Callable[[str], Any]
    said: Callable[[Any], str]
    item_said: Callable[[Any], str] | None = None

    def leg(self) -> Leg:
        return Leg(self.open, self.aopen, self.item_said or self.said)


def completions(client: Any, async_client: Any, **usage: object) -> SDK:
    """An SDK with the shape of OpenAI's."""

    def asked(model: str) -> dict[str, Any]:
        return {"model": model, "messages": PROMPT, "stream": True, **usage}

    return SDK(
        client,
        async_client,
        open=lambda model: client.chat.completions.create(**asked(model)),
        aopen=lambda model: async_client.chat.completions.create(**asked(model)),
        said=lambda item: (item.choices[0].delta.content or "") if item.choices else "",
    )


def openai() -> SDK:
    import openai

    usage = {"include_usage": True}
    return completions(openai.OpenAI(), openai.AsyncOpenAI(), stream_options=usage)


def openai_responses() -> SDK:
    import openai

    client, async_client = openai.OpenAI(), openai.AsyncOpenAI()
    asked: Any = {"input": PROMPT, "stream": True}
    return SDK(
        client,
        async_client,
        open=lambda model: client.responses.create(model=model, **asked),
        aopen=lambda model: async_client.responses.create(model=model, **asked),
        said=lambda event: event.delta if event.type == "response.output_text.delta" else "",
    )


def groq() -> SDK:
    import groq

    return completions(groq.Groq(), groq.AsyncGroq())


def anthropic() -> SDK:
    import anthropic

    client, async_client = anthropic.Anthropic(), anthropic.AsyncAnthropic()

    def asked(model: str) -> dict[str, Any]:
        return {"model": model, "messages": PROMPT, "max_tokens": 1024, "stream": True}

    return SDK(
        client,
        async_client,
        open=lambda model: client.messages.create(**asked(model)),
        aopen=lambda model: async_client.messages.create(**asked(model)),
        said=lambda event: event.delta.text if event.type == "content_block_delta" else "",
    )


def cohere() -> SDK:
    import cohere

    client, async_client = cohere.ClientV2(), cohere.AsyncClientV2()
    prompt: Any = PROMPT

    async def aopen(model: str) -> Any:
        return async_client.chat_stream(model=model, messages=prompt)

    def said(event: Any) -> str:
        return event.delta.message.content.text if event.type == "content-delta" else ""

    return SDK(
        client,
        async_client,
        open=lambda model: client.chat_stream(model=model, messages=prompt),
        aopen=aopen,
        said=said,
    )


def gemini() -> SDK:
    from google import genai

    client: Any = genai.Client()
    asked = {"contents": PROMPT[0]["content"]}
    return SDK(
        client,
        client,
        open=lambda model: client.models.generate_content_stream(model=model, **asked),
        aopen=lambda model: client.aio.models.generate_content_stream(model=model, **asked),
        said=lambda response: response.text or "",
    )


def mistral() -> SDK:
    from mistralai.client import Mistral

    client: Any = Mistral(
        api_key=os.environ["MISTRAL_API_KEY"], server_url=os.environ["MISTRAL_BASE_URL"]
    )
    return SDK(
        client,
        client,
        open=lambda model: client.chat.stream(model=model, messages=PROMPT),
        aopen=lambda model: client.chat.stream_async(model=model, messages=PROMPT),
        said=lambda chunk: chunk.choices[0].delta.content or "",
        item_said=lambda event: event.data.choices[0].delta.content or "",
    )


SDKS = {
    "openai": openai,
    "openai_responses": openai_responses,
    "anthropic": anthropic,
    "cohere": cohere,
    "gemini": gemini,
    "groq": groq,
    "mistral": mistral,
}


def environment(url: str) -> dict[str, str]:
    """What tells each default client where its server is."""
    keys = ("OPENAI", "ANTHROPIC", "CO", "GEMINI", "GROQ", "MISTRAL")
    return {f"{key}_API_KEY": "bench" for key in keys} | {
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "ANTHROPIC_BASE_URL": f"{url}/anthropic",
        "CO_API_URL": f"{url}/cohere",
        "GOOGLE_GEMINI_BASE_URL": f"{url}/gemini",
        "GROQ_BASE_URL": f"{url}/groq",
        "MISTRAL_BASE_URL": f"{url}/mistral",
    }
