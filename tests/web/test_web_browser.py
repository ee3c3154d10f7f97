"""The example's page in a real browser: `useChat`, `useObject` and `EventSource` as they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright
from web_support import (
    EXAMPLE,
    HALF_A_SECOND,
    OPENAI,
    CallDelta,
    CallEnd,
    CallStart,
    Loopback,
    Reasoning,
    Response,
    ServerThread,
    Stall,
    Text,
    needs,
    one_after_another,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCREENSHOT = Path(__file__).parents[2] / "docs" / "places" / "web.png"
BOOK = '{"title": "Emma", "author": "Jane Austen", "reasons": ["witty", "long"]}'
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def browser(node_modules: Path) -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    needs(chromium, "Chromium")
    build = subprocess.run(  # of what is in the working tree
        ["npm", "--prefix", str(node_modules.parent), "run", "build"],  # noqa: S607
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, openai_server: Loopback, example: Callable[[str], Any]) -> Iterator[Page]:
    app = example("fastapi_app").app
    with ServerThread(app, "asgi") as url:
        page = browser.new_page(viewport={"width": 900, "height": 1100})
        page.goto(url)
        assert not openai_server.requests
        yield page
        page.close()


def ask(page: Page, text: str) -> None:
    page.fill("#chat input", text)
    page.click("#chat .send")


class Gated:
    """A script that sends each part of an answer when the test has seen the one before.

    Args:
        parts: The events of each part.
    """

    def __init__(self, *parts: list[bytes]) -> None:
        self._parts = parts
        self._gates = [threading.Event() for _ in parts]
        self._gates[0].set()
        self._opened = 0

    def go_on(self) -> None:
        """Have the next part sent."""
        self._opened += 1
        self._gates[self._opened].set()

    def __iter__(self) -> Iterator[bytes]:
        for gate, part in zip(self._gates, self._parts, strict=True):
            assert gate.wait(30)
            yield from part


def test_a_chat_grows_with_reasoning_a_tool_and_its_result(
    page: Page, openai_server: Loopback
) -> None:
    first, second, third, *rest = OPENAI.tool_call_response(
        Reasoning("A book, "),
        Reasoning("so I look it up."),
        Text("Let me see. "),
        *one_after_another(("get_author", '{"title": "Emma"}')),
    )
    start, *end = OPENAI.response("It is by ", "Jane Austen.")
    called, answered = Gated([first], [second], [third], rest), Gated([start], end)
    openai_server.queue = [Response(called), Response(answered)]
    ask(page, "Who wrote Emma?")
    reasoning = page.locator("#chat .reasoning")
    for grown in ("A book,", "A book, so I look it up."):
        expect(reasoning).to_have_text(grown)
        called.go_on()
    expect(page.locator("#chat .assistant .text")).to_have_text("Let me see. ")
    assert page.get_attribute("#chat", "data-status") == "streaming"
    called.go_on()
    expect(page.locator("#chat .assistant .text").last).to_have_text("It is by ")
    expect(page.locator("#chat .tool")).to_contain_text("output-available")
    answered.go_on()
    page.wait_for_selector("#chat[data-status=ready]")
    texts = page.locator("#chat article.assistant .text").all_inner_texts()
    assert texts == ["Let me see.", "It is by Jane Austen."]
    assert page.inner_text("#chat .reasoning") == "A book, so I look it up."
    tool = page.inner_text("#chat .tool")
    assert tool.startswith('get_author({"title":"Emma"}) output-available -> "Jane Austen"')
    assert page.inner_text("#chat .usage") == "10 tokens"
    assert page.locator("#chat .error").count() == 0
    sent = openai_server.requests[1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool"]


def test_the_conversation_goes_on(page: Page, openai_server: Loopback) -> None:
    openai_server.queue = [
        Response(OPENAI.response("Emma.")),
        Response(OPENAI.response("Jane Austen.")),
    ]
    ask(page, "A book?")
    page.wait_for_selector("#chat[data-status=ready] article.assistant")
    ask(page, "By whom?")
    page.wait_for_selector("text=Jane Austen.")
    sent = openai_server.requests[1].json["messages"]
    assert [message["content"] for message in sent] == ["A book?", "Emma.", "By whom?"]


def test_the_user_approves_a_tool(page: Page, openai_server: Loopback) -> None:
    openai_server.queue = [
        Response(OPENAI.tool_call_response(*one_after_another(("order", '{"title": "Emma"}')))),
        Response(OPENAI.response("Done.")),
    ]
    ask(page, "Order Emma")
    page.click("#chat .yes")
    page.wait_for_selector("text=Done.")
    assert 'output-available -> "Emma is on its way"' in page.inner_text("#chat .tool")
    *_, result = openai_server.requests[1].json["messages"]
    assert (result["role"], result["content"]) == ("tool", "Emma is on its way")
    assert page.locator("#chat article.assistant").count() == 1


def test_the_user_denies_a_tool(page: Page, openai_server: Loopback) -> None:
    openai_server.queue = [
        Response(OPENAI.tool_call_response(*one_after_another(("order", '{"title": "Emma"}')))),
        Response(OPENAI.response("As you like.")),
    ]
    ask(page, "Order Emma")
    page.click("#chat .no")
    page.wait_for_selector("text=As you like.")
    *_, result = openai_server.requests[1].json["messages"]
    assert result["content"] == "The user denied this call."


def test_the_browser_answers_a_tool(page: Page, openai_server: Loopback) -> None:
    call = one_after_another(("window_width", "{}"))
    openai_server.queue = [
        Response(OPENAI.tool_call_response(*call)),
        Response(OPENAI.response("It is wide.")),
    ]
    ask(page, "How wide?")
    page.wait_for_selector("text=It is wide.")
    *_, result = openai_server.requests[1].json["messages"]
    assert (result["role"], result["content"]) == ("tool", "900")
    assert page.locator("#chat article.assistant").count() == 1


def test_an_error_is_shown_and_tells_nothing(page: Page, openai_server: Loopback) -> None:
    openai_server.queue = [Response([OPENAI.text("It is "), OPENAI.failure])]
    ask(page, "Who?")
    page.wait_for_selector("#chat .error")
    assert page.inner_text("#chat .error") == "The model is overloaded. Try again later."
    assert "It is" in page.inner_text("#chat article.assistant")


def test_a_failure_before_the_first_event_is_shown(page: Page, openai_server: Loopback) -> None:
    openai_server.queue = [OPENAI.refusal(401, "wrong key: sk-1234")]
    ask(page, "Who?")
    page.wait_for_selector("#chat .error")
    assert page.inner_text("#chat .error") == "The model could not be reached."


def test_the_stop_button_ends_the_connection_to_the_provider(
    page: Page, openai_server: Loopback
) -> None:
    openai_server.queue = [Response([OPENAI.text("Once upon"), Stall()])]
    ask(page, "A story")
    page.wait_for_selector("text=Once upon")
    page.click("#chat .stop")
    assert openai_server.connections[0].disconnected.wait(HALF_A_SECOND)
    page.wait_for_selector("#chat[data-status=ready]")
    assert page.locator("#chat .error").count() == 0


def test_an_object_grows(page: Page, openai_server: Loopback) -> None:
    letters = [CallDelta(0, letter) for letter in BOOK]
    events = OPENAI.tool_call_response(CallStart(0, "Book"), *letters, CallEnd(0))
    answer = Gated(events[:20], events[20:])
    openai_server.queue = [Response(answer)]
    page.click("#object .submit")
    expect(page.locator("#object .object")).to_contain_text("Emma")
    assert "witty" not in page.inner_text("#object .object")
    answer.go_on()
    page.wait_for_selector("#object[data-loading=false] .object")
    assert '"long"' in page.inner_text("#object .object")
    assert page.locator("#object .error").count() == 0


def test_an_event_source_reads_plain_events(page: Page, openai_server: Loopback) -> None:
    openai_server.queue = [Response(OPENAI.response("Good ", "day."))]
    page.click("#plain .hello")
    page.wait_for_selector("#plain[data-reason=stop]")
    assert page.inner_text("#plain .text") == "Good day."
    page.wait_for_timeout(50)
    assert len(openai_server.requests) == 1  # it does not connect again


def test_a_real_model_answers(
    browser: Any, example: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL", "local")
    with ServerThread(example("fastapi_app").app, "asgi") as url:
        page = browser.new_page()
        page.goto(url)
        ask(page, "Write a long story about a cat.")
        text = page.locator("#chat .assistant .text")
        expect(text).to_contain_text(" ", timeout=60_000)
        page.click("#chat .stop")
        page.wait_for_selector("#chat[data-status=ready]")
        assert page.locator("#chat .error").count() == 0
        page.close()


def test_the_picture_in_the_docs(page: Page, openai_server: Loopback) -> None:
    """Show all of it at once, and keep the picture where that is wanted."""
    openai_server.queue = [
        Response(
            OPENAI.tool_call_response(
                Reasoning("The user wants to know the author of Emma. I can look it up."),
                Text("Let me look that up. "),
                *one_after_another(("get_author", '{"title": "Emma"}')),
            )
        ),
        Response(OPENAI.response("Emma was written by ", "Jane Austen.")),
        Response(OPENAI.tool_call_response(CallStart(0, "Book"), CallDelta(0, BOOK), CallEnd(0))),
        Response(OPENAI.response("Hello! ", "How can I help you?")),
    ]
    ask(page, "Who wrote Emma?")
    page.wait_for_selector("text=Jane Austen.")
    page.wait_for_selector("#chat[data-status=ready]")
    page.click("#object .submit")
    page.wait_for_selector("#object[data-loading=false] .object")
    page.click("#plain .hello")
    page.wait_for_selector("#plain[data-reason=stop]")
    picture = page.screenshot(full_page=True)
    assert picture.startswith(b"\x89PNG")
    if os.environ.get("MIRASCOPE_WRITE_PICTURES"):
        SCREENSHOT.write_bytes(picture)
