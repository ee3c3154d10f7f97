"""The AI SDK's stream with Flask, from a sync and an async call: ``flask --app flask_app run``.

It needs ``pip install flask 'mirascope-streams[web,openai]'``.
"""

from __future__ import annotations

from answers import aturn, turn
from flask import Flask, Response, request

from mirascope.web import ai_sdk

app = Flask(__name__)


@app.errorhandler(ValueError)
def refuse(error: ValueError) -> Response:
    """Tell the browser what was wrong with its messages."""
    return Response(str(error), 400, mimetype="text/plain")


@app.post("/chat")
def chat() -> Response:
    events = ai_sdk.events(turn(ai_sdk.messages(request.get_data())), ping=15)
    events.open(request.environ)  # until there is something to send
    return Response(events, events.status, dict(events.headers))


@app.post("/chat/async")
def chat_async() -> Response:
    events = ai_sdk.events(aturn(ai_sdk.messages(request.get_data())), ping=15)
    events.open(request.environ)  # until there is something to send
    return Response(events, events.status, dict(events.headers))
