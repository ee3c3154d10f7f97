"""The samples of docs/places/web.md do what is said there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from web_support import OPENAI, Loopback, Response, node, one_after_another

from mirascope.core.base.message_param import BaseMessageParam
from mirascope.web import ai_sdk, sse
from mirascope.web._sources import File, Source, findings

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "web.md").read_text()
CHAT, TURN, APPROVED, OBJECT, FLASK, DJANGO = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(TYPES,) = re.findall(r"```typescript\n(.*?)```", PAGE, re.DOTALL)
(SCRIPT,) = re.findall(r"```javascript\n(.*?)```", PAGE, re.DOTALL)

BODY = {"messages": [{"role": "user", "parts": [{"type": "text", "text": "Who?"}]}]}


def run(code: str, **names: Any) -> dict[str, Any]:
    exec(compile(code, "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    return names


def test_the_first_sample_answers(openai_server: Loopback) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415  # only where it is served

    openai_server.queue = [Response(OPENAI.response("Good day."))]
    client = TestClient(run(CHAT)["app"])
    response = client.post("/api/chat", json=BODY)
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert "Good day." in response.text


def test_the_turn_calls_tools(openai_server: Loopback) -> None:
    call = one_after_another(("get_author", '{"title": "Emma"}'))
    openai_server.queue = [
        Response(OPENAI.tool_call_response(*call)),
        Response(OPENAI.response("By her.")),
    ]
    names = run(TURN)
    asked = [BaseMessageParam(role="user", content="Who?")]
    text = b"".join(ai_sdk.events(names["turn"](asked))).decode()
    assert "Jane Austen" in text
    assert "By her." in text


def test_what_is_approved_runs() -> None:
    part = {"type": "tool-order", "toolCallId": "c", "state": "approval-responded"}
    part |= {"input": {"title": "Emma"}, "approval": {"id": "a", "approved": True}}
    messages = ai_sdk.messages([{"role": "assistant", "parts": [part]}])
    indented = APPROVED.replace("\n", "\n    ")
    code = f"def turn(messages, order):\n    {indented}"
    ((call, output),) = run(code)["turn"](messages, lambda title: f"{title} is ordered")
    assert (call.name, output) == ("order", "Emma is ordered")
    assert messages[-1].role == "tool"


def test_an_object_is_json(openai_server: Loopback) -> None:
    from starlette.applications import Starlette  # noqa: PLC0415  # only where it is served
    from starlette.routing import Route  # noqa: PLC0415
    from starlette.testclient import TestClient  # noqa: PLC0415

    call = one_after_another(("list", '{"value": ["Emma"]}'))
    openai_server.queue = [Response(OPENAI.tool_call_response(*call))]
    names = run(OBJECT)

    async def books(_: Any) -> Any:
        return await names["books"]("fantasy")

    response = TestClient(Starlette(routes=[Route("/", books)])).get("/")
    assert response.json() == {"value": ["Emma"]}


def test_the_sample_of_flask(openai_server: Loopback) -> None:
    openai_server.queue = [Response(OPENAI.response("Good day."))]
    names = run(CHAT.split("@app.post")[0])
    flask = run(FLASK, answer=names["answer"], __name__=__name__)
    response = flask["app"].test_client().post("/chat", json=BODY)
    assert "Good day." in response.text
    assert response.headers["x-accel-buffering"] == "no"


def test_the_sample_of_django_is_that_of_the_example() -> None:
    example = (Path(__file__).parents[2] / "examples" / "web" / "django_app.py").read_text()
    for line in ("aopen()", "aiter(events), status=events.status, headers=events.headers"):
        assert line in DJANGO
        assert line in example


def documented(types: str) -> set[str]:
    return set(re.findall(r'type: "([\w-]+)"', types))


def test_every_plain_event_is_documented() -> None:
    source = Path(sse.__file__ or "").read_text()
    sent = set(re.findall(r'_event\(\s*b"([\w-]+)"', source))
    sent |= set(re.findall(r'\{"type":"([\w-]+)"', source))
    assert sent == documented(TYPES) == documented(sse.__doc__ or "")


def test_the_script_reads_an_answer(node_modules: Path, openai_server: Loopback) -> None:
    lines = [line for line in SCRIPT.splitlines() if line]
    assert len(lines) <= 10
    openai_server.queue = [Response(OPENAI.response("Good ", "day."))]
    text = b"".join(sse.events(run(CHAT.split("@app.post")[0])["answer"](()))).decode()
    data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    result = node("read_plain_events.mjs", node_modules, SCRIPT, data="\n".join(data))
    assert result == {"output": "Good day.", "closed": True}


FOUND = [
    (
        {"image_url": {"url": "data:image/png;base64,AA=="}},
        File("image/png", "data:image/png;base64,AA=="),
    ),
    (
        {"inline_data": {"mime_type": "image/png", "data": "_-8="}},
        File("image/png", "data:image/png;base64,/+8="),
    ),
    (
        {"inline_data": {"mime_type": "image/png", "data": b"\xff"}},
        File("image/png", "data:image/png;base64,/w=="),
    ),
    (
        {"annotations": [{"url_citation": {"url": "https://a", "title": "A"}}]},
        Source("https://a", "A"),
    ),
    ({"citations": ["https://a"]}, Source("https://a", "")),
    ({"citations": [{"document_title": "A", "cited_text": "x"}]}, Source("", "A")),
    ({"citations": [{"sources": [{"document": {"url": "https://a"}}]}]}, Source("https://a", "")),
    ({"grounding_chunks": [{"web": {"uri": "https://a", "title": "A"}}]}, Source("https://a", "A")),
]


@pytest.mark.parametrize(("said", "found"), FOUND)
def test_what_an_answer_is_based_on(said: dict[str, Any], found: Source | File) -> None:
    from openai.types.chat import ChatCompletion  # noqa: PLC0415  # stands for any SDK's

    response = ChatCompletion.model_construct(None, choices=[{"message": said}] * 2)
    sources, files = findings(response)
    assert [*sources, *files] == [found]
    called = {"tool_calls": [{"arguments": said}], "logprobs": said}
    response = ChatCompletion.model_construct(None, choices=[{"message": called}])
    assert findings(response) == ([], [])
