"""The page of named servers: its tables are made from the rows.

``MIRASCOPE_WRITE_TABLES=1 pytest tests/docs/test_servers_page.py`` writes the tables; without that,
the test fails when those in ``docs/providers/compatible-servers.md`` are not those of the rows.
"""

from __future__ import annotations

import os
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from mirascope.core._calls.servers import SERVERS, Server

PAGE = Path(__file__).parents[2] / "docs" / "providers" / "compatible-servers.md"
END = "<!-- end -->\n"
NOT_ON_THE_PAGE = {"host_variable", "source"}
"""The settings of a server that only some built-in ones need."""


def differences(server: Server) -> list[str]:
    """Return what a server does otherwise than OpenAI's."""
    formats = " or ".join(f"`{kind}`" for kind in server.formats) or "none"
    usage = {"last choice": "in the last choice", "last choice's record": "beside the last choice"}
    found = {
        "no `stream_options`": not server.stream_options,
        f"response formats: {formats}": server.formats != ("json_object", "json_schema"),
        "no forced tool call": server.forces_tools == "never",
        "no forced tool call while thinking": server.forces_tools == "unless thinking",
        "a tool call is forced by the tool's name": server.tool_choice == "name",
        "reasoning in the field `reasoning`": server.reasoning == "reasoning",
        "reasoning in the text, between `<think>` tags": server.reasoning == "in text",
        "reasoning is always sent back": server.reasoning_back == "always",
        f"usage {usage.get(server.usage)}": server.usage in usage,
    }
    return [text for text, applies in found.items() if applies]


def server_row(server: Server) -> str:
    keys = " or ".join(f"`{name}`" for name in server.api_keys)
    needed = keys if server.needs_key else f"optional: {keys}"
    return f"| `{server.name}` | `{server.base_url}` | {needed} |\n"


def table(name: str) -> str:
    """Return a table of the page."""
    if name == "servers":
        head = "| name | URL | key |\n|---|---|---|\n"
        return head + "".join(map(server_row, SERVERS.values()))
    found = ((server.name, "; ".join(differences(server))) for server in SERVERS.values())
    rows = (f"| `{name}` | {text} |\n" for name, text in found if text)
    return "| name | differences |\n|---|---|\n" + "".join(rows)


@pytest.mark.parametrize("name", ["servers", "differences"])
def test_a_table_is_that_of_the_rows(name: str) -> None:
    begin = f"<!-- made by tests/docs/test_servers_page.py: {name} -->\n"
    before, rest = PAGE.read_text().split(begin)
    found, after = rest.split(END, 1)
    if os.environ.get("MIRASCOPE_WRITE_TABLES"):
        PAGE.write_text(before + begin + table(name) + END + after)
    else:
        assert found == table(name)


def test_the_page_counts_the_servers() -> None:
    assert f"knows {len(SERVERS)} of them" in PAGE.read_text()


def test_the_page_has_each_setting_and_its_default() -> None:
    section = PAGE.read_text().partition("## Your own server")[2]
    rows = re.findall(r"^\| `(\w+)` \| .* \| (required|`.+`) \|$", section, re.MULTILINE)
    defaults = {each.name: each.default for each in fields(Server)}
    expected = {
        name: "required" if value is MISSING else f"`{value!r}`".replace("'", '"')
        for name, value in defaults.items()
        if name not in NOT_ON_THE_PAGE
    }
    assert dict(rows) == expected


def test_no_source_is_missing() -> None:
    assert [server.name for server in SERVERS.values() if not server.source] == []
