"""The page docs/places/tracing.md has each name of the conventions that is used."""

from __future__ import annotations

import re
from pathlib import Path

from mirascope.otel import _names as names

PAGE = (Path(__file__).parents[2] / "docs" / "places" / "tracing.md").read_text()


def test_the_page_has_every_name() -> None:
    shown = set(re.findall(r"`((?:gen_ai|mirascope|operation|error)\.[\w.]+)`", PAGE))
    constants = (value for name, value in vars(names).items() if name.isupper())
    used = {value for value in constants if isinstance(value, str) and "." in value}
    used |= {*names.REQUEST_PARAMS.values(), *names.READ_COST}
    for chosen in (names.DEFAULT, names.NEWEST):
        used |= {chosen.duration, chosen.time_to_first_chunk, chosen.time_per_output_chunk}
        used |= {*chosen.tokens, *(chosen.used_tokens or ())}
    assert shown - {"mirascope.errors"} == used
