"""The table of what each provider streams, made from replaying its recordings.

``MIRASCOPE_WRITE_TABLES=1 pytest tests/docs/test_provider_table.py`` writes it; without that, the
test fails when the table in ``docs/providers/index.md`` is no longer what a replay finds.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.cases import Case
from support.fixtures import only_everywhere
from support.providers import CASES
from support.recordings import recordings

from mirascope.testing.loopback import Loopback, Response

PAGE = Path(__file__).parents[2] / "docs" / "providers" / "index.md"
BEGIN, END = "<!-- made by tests/docs/test_provider_table.py -->\n", "<!-- end -->\n"
COLUMNS = [
    "responses",
    "text",
    "reasoning",
    "tool calls",
    "citations",
    "usage",
    "cached tokens",
    "id",
    "model",
]
CITATIONS = {"annotations", "citationMetadata", "citations", "groundingMetadata", "reference_ids"}
"""Where the providers have them in a complete response."""


def cites(response: Any) -> bool:
    """Return whether a complete response, in the provider's JSON, has a citation."""
    if isinstance(response, dict):
        return any(
            (name in CITATIONS and bool(value)) or cites(value) for name, value in response.items()
        )
    return isinstance(response, list) and any(map(cites, response))


def heard(stream: Any) -> dict[str, bool]:
    """Return what a stream reports; of the model, whether it was the provider who reported it."""
    return {
        "responses": True,
        "text": bool(stream.content),
        "reasoning": bool(stream.reasoning),
        "tool calls": bool(stream._decoder.reply.tool_calls),
        "citations": cites(stream._decoder.response()),
        "usage": stream.output_tokens is not None,
        "cached tokens": stream.cached_tokens is not None,
        "id": stream.id is not None,
        "model": stream.model != "requested-model",
    }


def row(case: Case, monkeypatch: pytest.MonkeyPatch) -> str:
    counts: Counter[str] = Counter()
    with Loopback() as server:
        monkeypatch.setenv(case.key_variable, "key")
        monkeypatch.setenv(case.url_variable, case.url(server.url))

        @case.call("requested-model", stream=True)
        def ask() -> str:
            return "Hello"

        for recording in recordings(*case.recordings):
            reading = recording.expected
            answers = recording.status == 200 and reading["ok"] and reading.get("api") == case.api
            if not answers or recording.name in case.disagree:
                continue
            server.queue = [Response([recording.body])]
            stream = ask()
            for _ in stream:
                pass
            counts.update(name for name, reported in heard(stream).items() if reported)
    cells = [str(counts[name]) if counts[name] else "-" for name in COLUMNS]
    link = f"[{case.name}]({case.name.replace('_', '-')}.md)"
    return f"| {link} | {' | '.join(cells)} |\n"


@only_everywhere
@pytest.mark.skipif(not recordings("openai"), reason="the recordings are not here")
def test_the_table_is_what_a_replay_of_the_recordings_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = f"| provider | {' | '.join(COLUMNS)} |\n" + "|---" * (len(COLUMNS) + 1) + "|\n"
    table = head + "".join(row(case, monkeypatch) for case in CASES if case.recordings)
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    found, after = rest.split(END)
    if os.environ.get("MIRASCOPE_WRITE_TABLES"):
        PAGE.write_text(before + BEGIN + table + END + after)
    else:
        assert found == table
