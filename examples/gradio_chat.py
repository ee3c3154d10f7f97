"""A chat with Gradio: ``python examples/gradio_chat.py``.

It needs ``pip install gradio 'mirascope-streams[local]'`` and no key: a small model runs on this
machine. ``MODEL`` names another. A click on Stop closes the connection to the model at once,
because ``chat`` is async. Gradio notices a closed tab only when ``chat`` yields. So `ticks` makes
``chat`` yield twice a second, also while the model is silent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any, Final

import gradio as gr

from mirascope import BaseMessageParam, Messages, errors, llm, local, streams

MODEL: Final = os.environ.get("MODEL", f"openai:{local.MODEL}")
CLIENT: Final = None if "MODEL" in os.environ else local.async_client()


@llm.call(MODEL, client=CLIENT, stream=True)
async def reply(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return history


async def ticks(stream: llm.Stream) -> AsyncIterator[None]:
    while stream.state in {"pending", "open"}:
        await asyncio.sleep(0.5)
        yield


async def chat(question: str, shown: list[dict[str, Any]]) -> AsyncIterator[str]:
    history = [BaseMessageParam.model_validate(message) for message in shown]
    stream = await reply([*history, Messages.User(question)])
    try:
        async for _ in streams.merge(stream, ticks(stream)):
            yield stream.content  # all of it so far: Gradio replaces what it shows
    except errors.StreamError as error:
        raise gr.Error(str(error)) from error


app = gr.ChatInterface(chat, title="Librarian")

if __name__ == "__main__":
    app.launch()
