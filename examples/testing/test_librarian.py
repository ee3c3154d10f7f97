"""The librarian's tests, run by ``pytest``: a scripted provider replies to the real SDK.

They need ``pip install 'mirascope-streams[testing,openai]'``, and no key.
"""

import pytest
from librarian import Book, chat, recommend_books

from mirascope.errors import StreamTimeout
from mirascope.testing import ScriptedProvider, call

EMMA = Book(title="Emma", author="Jane Austen")


def test_a_chat_with_a_tool(llm: ScriptedProvider) -> None:
    llm.reply("Let me see. ", tools=[call("get_author", title="Emma")])
    llm.reply("It is Jane Austen.")
    assert "".join(chat("Who wrote Emma?")) == "Let me see. It is Jane Austen."
    assert llm.requests[0].tools == ["get_author"]
    assert llm.requests[1].messages == [
        ("user", "Who wrote Emma?"),
        ("assistant", "Let me see. "),
        ("tool", "Jane Austen"),
    ]


def test_a_list_that_grows(llm: ScriptedProvider) -> None:
    llm.reply(value=[EMMA, EMMA], by=5)
    lengths = [len(books) for books in recommend_books("witty")]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 2
    assert llm.requests[0].messages == [("user", "Recommend witty books")]


def test_a_request_is_sent_again(llm: ScriptedProvider) -> None:
    llm.fail(429, retry_after=0.01)
    llm.reply("It is Jane Austen.")
    assert "".join(chat("Who wrote Emma?")) == "It is Jane Austen."
    assert len(llm.requests) == 2


def test_a_model_that_falls_silent(llm: ScriptedProvider) -> None:
    llm.stall(after="It is")
    pieces = chat("Who wrote Emma?")
    with pytest.raises(StreamTimeout) as raised:
        list(pieces)
    assert raised.value.partial is not None
    assert raised.value.partial.content == "It is"
