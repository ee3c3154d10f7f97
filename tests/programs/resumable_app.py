"""A web application whose answers outlive its requests, to be served by several workers.

Its environment has the place of the store (``STORE``), the grace in seconds, and the lease.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from mirascope import resume
from mirascope.core import openai
from mirascope.testing import ScriptedProvider
from mirascope.web import ai_sdk, sse

WORDS = "".join(f"word{number} " for number in range(40))

PLACE = os.environ.get("STORE", "streams.db")
GRACE, LEASE = float(os.environ.get("GRACE", "0.5")), float(os.environ.get("LEASE", "2"))
store: resume.Store
if PLACE.startswith("redis:"):
    store = resume.Redis(PLACE, grace=GRACE, lease=LEASE)
else:
    store = resume.SQLite(PLACE, grace=GRACE, lease=LEASE)


@openai.call("gpt-4o-mini", stream=True)
async def answer(question: str) -> str:
    return question


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with ScriptedProvider(pace="live") as llm:
        for _ in range(50):
            llm.reply(WORDS, to="words")
            llm.stall("Half of", to="endless")
        async with store.lifespan(app):
            yield


app = FastAPI(lifespan=lifespan)


@app.post("/start/{key}")
async def start(key: str, question: str) -> dict[str, object]:
    run = await store.start(key, lambda: answer(question))
    return {"joined": run.joined, "pid": os.getpid()}


@app.get("/sse/{key}")
def events(key: str, request: Request) -> Response:
    return sse.response(store.read(key, after=request.headers.get("last-event-id")))


@app.get("/chat/{key}")
def chat(key: str) -> Response:
    return ai_sdk.response(store.read(key, running=True))


@app.post("/stop/{key}")
async def stop(key: str) -> dict[str, object]:
    return {"stopped": await store.stop(key), "pid": os.getpid()}
