"""What docs/places/web.md shows beside the samples that test_samples.py runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from web_support import OPENAI, Loopback, Response, node

from mirascope.core import openai
from mirascope.web import sse
from mirascope.web._sources import File, Source, findings

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "web.md").read_text()
(_, DJANGO) = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
(TYPES,) = re.findall(r"```typescript\n(.*?)```", PAGE, re.DOTALL)
(SCRIPT,) = re.findall(r"```javascript\n(.*?)```", PAGE, re.DOTALL)


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

    @openai.call("gpt-4o-mini", stream=True)
    def answer() -> str:
        return "Hello"

    text = b"".join(sse.events(answer())).decode()
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
