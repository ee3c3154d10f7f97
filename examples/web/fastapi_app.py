"""The page and all protocols, with FastAPI: ``uvicorn fastapi_app:app``, in this folder.

It needs ``pip install fastapi uvicorn 'mirascope-streams[web,openai]'``. For ``MODEL=local``,
install the extra ``local`` instead of ``openai``. ``npm install && npm run build`` makes the page.
"""

from __future__ import annotations

from pathlib import Path

from answers import areply, aturn, recommend, reply
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles

from mirascope import BaseMessageParam
from mirascope.web import ag_ui, ai_sdk, sse

app = FastAPI()


@app.exception_handler(ValueError)
def refuse(_: Request, error: ValueError) -> Response:
    """Tell the browser what was wrong with its messages."""
    return PlainTextResponse(str(error), status_code=400)


@app.post("/api/chat")  # useChat
async def chat(request: Request) -> Response:
    return ai_sdk.response(aturn(ai_sdk.messages(await request.body())))


@app.post("/api/object")  # useObject
async def book(request: Request) -> Response:
    return ai_sdk.response(ai_sdk.text(recommend(str(await request.json()))))


@app.post("/api/agent")  # AG-UI
async def agent(request: Request) -> Response:
    run = ag_ui.run_input(await request.body())
    return ag_ui.response(aturn(ag_ui.messages(run)), run)


@app.get("/api/events")  # EventSource
async def question(question: str) -> Response:
    return sse.response(areply([BaseMessageParam(role="user", content=question)]))


@app.get("/api/events/sync")  # the same, with a sync model
def question_sync(question: str) -> Response:
    return sse.response(reply([BaseMessageParam(role="user", content=question)]))


page = Path(__file__).with_name("dist")
if page.exists():
    app.mount("/", StaticFiles(directory=page, html=True))
