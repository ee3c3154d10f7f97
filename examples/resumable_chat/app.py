"""A chat whose responses survive reloads and crashed workers: ``npm install && npm start``.

It needs ``pip install fastapi uvicorn 'mirascope-streams[web,openai]'``, and Node for the page. The
responses are logged in ``streams.db``, or in Redis if ``REDIS_URL`` is set. The messages of the
chats are in ``chats.db``. ``MODEL`` names the model. ``MODEL=local`` is a small model that needs no
key, but the extra ``local``.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from mirascope import BaseMessageParam, llm, local, resume
from mirascope.web import ai_sdk

REDIS_URL = os.environ.get("REDIS_URL")
store = resume.Redis(REDIS_URL) if REDIS_URL else resume.SQLite("streams.db")
app = FastAPI(lifespan=store.lifespan)

chats = sqlite3.connect("chats.db", isolation_level=None, check_same_thread=False, timeout=5)
chats.execute("CREATE TABLE IF NOT EXISTS chats (id TEXT PRIMARY KEY, messages TEXT)")

MODEL = os.environ.get("MODEL", "openai:gpt-4o-mini")
options: Any = {"provider": MODEL}
if MODEL == "local":
    options = {"provider": "openai", "model": local.MODEL, "client": local.async_client()}


@llm.call(**options, stream=True)
async def answer(messages: Sequence[BaseMessageParam]) -> list[BaseMessageParam]:
    return list(messages)


def save(chat_id: str, messages: list[Any]) -> None:
    chats.execute("INSERT OR REPLACE INTO chats VALUES (?, ?)", (chat_id, json.dumps(messages)))


@app.get("/api/chat/{chat_id}")
def saved(chat_id: str) -> list[Any]:
    row = chats.execute("SELECT messages FROM chats WHERE id = ?", (chat_id,)).fetchone()
    return json.loads(row[0]) if row else []


@app.post("/api/chat")
async def chat(request: Request) -> Response:
    body = await request.json()
    chat_id, messages = str(body["id"]), body["messages"]
    answer_id = f"{messages[-1]['id']}-answer"  # the page has it live, resumed or saved, but once

    async def turn() -> AsyncIterator[Any]:
        stream = await answer(ai_sdk.messages(body))
        try:
            yield stream
        finally:  # when it was read or stopped, whoever was there to see it
            parts = [{"type": "text", "text": stream.content}]
            save(chat_id, [*messages, {"id": answer_id, "role": "assistant", "parts": parts}])

    run = await store.start(chat_id, turn)
    if not run.joined:
        save(chat_id, messages)
    return ai_sdk.response(store.read(chat_id), message_id=answer_id)


@app.get("/api/chat/{chat_id}/stream")  # which useChat requests when the page opens
def reconnect(chat_id: str) -> Response:
    last = saved(chat_id)[-1:]
    answer_id = f"{last[0]['id']}-answer" if last and last[0]["role"] == "user" else None
    return ai_sdk.response(store.read(chat_id, running=True), message_id=answer_id)


@app.post("/api/chat/{chat_id}/stop")
async def stop(chat_id: str) -> dict[str, bool]:
    return {"stopped": await store.stop(chat_id)}


page = Path(__file__).with_name("dist")
if page.exists():
    app.mount("/", StaticFiles(directory=page, html=True))
