"""The page of named servers: its table is made from the rows, and its samples run.

``MIRASCOPE_WRITE_TABLES=1 pytest tests/docs/test_servers_page.py`` writes the table; without that,
the test fails when the one in ``docs/compatible-servers.md`` is no longer that of the rows.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mirascope.core._calls import registry
from mirascope.core._calls.servers import SERVERS, Server
from mirascope.testing import ScriptedProvider

PAGE = Path(__file__).parents[2] / "docs" / "providers" / "compatible-servers.md"
BEGIN, END = "<!-- made by tests/docs/test_servers_page.py -->\n", "<!-- end -->\n"
SAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def differences(server: Server) -> str:
    """Return what a server does otherwise than OpenAI's."""
    formats = " or ".join(f"`{kind}`" for kind in server.formats) or "none"
    usage = {"last choice": "in the last choice", "last choice's record": "beside the last choice"}
    found = {
        "refuses `stream_options`": not server.stream_options,
        f"formats: {formats}": server.formats != ("json_object", "json_schema"),
        "forces no tool": server.forces_tools == "never",
        "forces no tool while it thinks, as by default": server.forces_tools == "unless thinking",
        "forces a tool by its name": server.tool_choice == "name",
        "reasoning in `reasoning`": server.reasoning == "reasoning",
        "reasoning in the text, between `<think>` tags": server.reasoning == "in text",
        "reasoning is always sent back": server.reasoning_back == "always",
        f"usage {usage.get(server.usage)}": server.usage in usage,
    }
    return "; ".join(text for text, applies in found.items() if applies) or "-"


def row(server: Server) -> str:
    keys = " or ".join(f"`{name}`" for name in server.api_keys)
    needed = keys if server.needs_key else f"none; {keys} if it is set"
    cells = (server.name, f"`{server.base_url}`", needed, differences(server), server.source)
    return f"| {' | '.join(cells)} |\n"


def test_the_table_is_that_of_the_rows() -> None:
    columns = ("name", "base URL", "key", "differences", "source")
    head = f"| {' | '.join(columns)} |\n" + "|---" * len(columns) + "|\n"
    table = head + "".join(map(row, SERVERS.values()))
    before, rest = PAGE.read_text().split(BEGIN)
    found, after = rest.split(END)
    if os.environ.get("MIRASCOPE_WRITE_TABLES"):
        PAGE.write_text(before + BEGIN + table + END + after)
    else:
        assert found == table


@pytest.mark.parametrize(
    ("sample", "provider"), [*zip(SAMPLES, ["deepseek", "xai", "acme"], strict=True)]
)
def test_a_sample_runs(
    sample: str,
    provider: str,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    registering, _, _ = sample.partition("client = ")[0].partition("@")
    names: dict[str, Any] = {}
    exec(compile(registering, "<the page>", "exec"), names)  # noqa: S102  # samples are to be run
    llm: ScriptedProvider = request.getfixturevalue("llm")  # which knows what is registered by now
    llm.reply("The Name of the Wind")
    exec(compile(sample, "<the page>", "exec"), names)  # noqa: S102  # the same
    if client := names.get("client"):
        client.close()
    assert capsys.readouterr().out.strip() == "The Name of the Wind"
    assert [one.provider for one in llm.requests] == [provider]
    assert ("stream_options" in llm.requests[0].json) == (provider == "deepseek")
    if provider == "acme":
        del SERVERS[provider], registry.BUILT_IN[provider]


def test_no_source_is_missing() -> None:
    assert [server.name for server in SERVERS.values() if not server.source] == []
