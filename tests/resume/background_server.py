"""A server of the Responses API that generates in the background, whoever reads it."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mirascope.testing.loopback import Loopback, Request, Response, Stall

WORDS = [f"wörd{number} " for number in range(30)]
TEXT = "".join(WORDS)
SENT = 20
"""How many events a client gets before the stream stands still."""


def _response(status: str, output: list[Any]) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "model": "gpt-4o-mini",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def events(words: list[str]) -> list[bytes]:
    """Return the events of a response."""
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    opened: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    part: dict[str, Any] = {"type": "output_text", "text": "".join(words), "annotations": []}
    whole: dict[str, Any] = {**opened, "status": "completed", "content": [part]}
    records: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response("queued", [])},
        {"type": "response.in_progress", "response": _response("in_progress", [])},
        {"type": "response.output_item.added", "output_index": 0, "item": opened},
        *({"type": "response.output_text.delta", **at, "delta": word} for word in words),
        {"type": "response.output_text.done", **at, "text": "".join(words)},
        {"type": "response.output_item.done", "output_index": 0, "item": whole},
        {"type": "response.completed", "response": _response("completed", [whole])},
    ]
    return [
        b"data: %b\n\n" % json.dumps({**record, "sequence_number": number}).encode()
        for number, record in enumerate(records)
    ]


class BackgroundServer(Loopback):
    """The server; what is requested first stands still in the middle.

    Args:
        sent: How many events the first client gets.

    Attributes:
        begun: How many responses were requested.
        taken_up: The queries of the requests for what is generated.
        cancelled: How many responses were cancelled.
        kept: What is generated; ``None`` if it is gone.
        open: Set when what is generated may be read.
    """

    def __init__(self, sent: int = SENT) -> None:
        super().__init__(self._answer)
        self.begun = self.cancelled = 0
        self.taken_up: list[dict[str, list[str]]] = []
        self.kept: list[bytes] | None = events(WORDS)
        self.open = threading.Event()
        self.open.set()
        self._sent = sent

    def _answer(self, request: Request) -> Response:
        address = urlsplit(request.path)
        if (request.method, address.path) == ("POST", "/v1/responses"):
            self.begun += 1
            if not request.json.get("background"):
                return Response(events(WORDS))
            return Response([*events(WORDS)[: self._sent], Stall()])
        if request.method == "POST":
            self.cancelled += 1
            return Response.of_json(_response("cancelled", []))
        assert address.path == "/v1/responses/resp_1"
        query = parse_qs(address.query)
        self.taken_up.append(query)
        assert self.open.wait(20)
        if self.kept is None:
            return Response.of_json({"error": {"message": "Response not found."}}, 404)
        return Response(self.kept[int(query.get("starting_after", ["-1"])[0]) + 1 :])
