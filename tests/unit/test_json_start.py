"""Where JSON begins in a text does not depend on how the text was cut."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mirascope.core._wire.json_response import JSONStart


@given(
    text=st.text(alphabet='<think>{}[]/" a:1\n', max_size=60),
    sizes=st.lists(st.integers(1, 7), min_size=1),
)
def test_where_json_begins_does_not_depend_on_the_pieces(text: str, sizes: list[int]) -> None:
    ends = [0, *itertools.accumulate(itertools.islice(itertools.cycle(sizes), len(text) + 1))]
    for lists in (False, True):
        whole, cut = JSONStart(lists=lists), JSONStart(lists=lists)
        found = whole.feed(text)
        assert "".join(cut.feed(text[at:end]) for at, end in itertools.pairwise(ends)) == found
        assert (cut.found, cut.has_reasoning) == (whole.found, whole.has_reasoning)
