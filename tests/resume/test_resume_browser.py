"""The page of examples/resumable_chat in a real browser: unmodified `useChat` and two workers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from playwright.sync_api import expect, sync_playwright
from redis_server import RedisServer
from support.ports import free_port

import mirascope
from mirascope.testing import ScriptedProvider

if TYPE_CHECKING:
    from playwright.sync_api import Page

EXAMPLE = Path(__file__).parents[2] / "examples" / "resumable_chat"
WORDS = "".join(f"word{number} " for number in range(80)).strip()
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


def needs(found: object, what: str) -> None:
    if not found:
        problem = f"{what} is missing: `nox -s web` installs it"
        pytest.fail(problem) if os.environ.get("MIRASCOPE_WEB_TESTS") else pytest.skip(problem)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    needs(chromium, "Chromium")
    needs(
        (EXAMPLE / "node_modules").exists(), "Node, with the packages of examples/resumable_chat,"
    )
    command = ["npm", "--prefix", str(EXAMPLE), "run", "build"]
    build = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert build.returncode == 0, build.stderr
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield browser
        browser.close()


class Worker:
    """A process that serves the example, in a folder that it shares with others.

    Attributes:
        url: Its address.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        source = Path(mirascope.__file__).parents[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{source}:{EXAMPLE}", **environment},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        until = monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                assert monotonic() < until
                sleep(0.05)
            else:
                return

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


class Site(NamedTuple):
    """Two workers with one store."""

    one: Worker
    other: Worker
    redis: RedisServer | None


@pytest.fixture(params=["sqlite", "redis"])
def site(request: pytest.FixtureRequest, tmp_path: Path, llm: ScriptedProvider) -> Iterator[Site]:
    assert llm is not None  # whose address the workers have
    redis = RedisServer(tmp_path) if request.param == "redis" else None
    if redis is not None:
        redis.start()
    environment = {} if redis is None else {"REDIS_URL": redis.url}
    workers = [Worker(tmp_path, environment) for _ in range(2)]
    yield Site(*workers, redis)
    for worker in workers:
        worker.end()
    if redis is not None:
        redis.kill()


def begun(browser: Any, worker: Worker) -> Page:
    """Open the page, and send a message; wait for the beginning of its answer."""
    page: Page = browser.new_page()
    page.goto(f"{worker.url}/#chat")
    page.fill("input", "Count")
    page.click(".send")
    expect(page.locator("article.assistant")).to_contain_text("word5 ", timeout=20_000)
    return page


def moved(page: Page, worker: Worker) -> None:
    """Load the page again, from another worker."""
    page.goto("about:blank")
    page.goto(f"{worker.url}/#chat")


def test_a_reload_on_another_worker_has_the_whole_answer_once(
    browser: Any, site: Site, llm: ScriptedProvider
) -> None:
    llm.reply(WORDS, pace="live")
    page = begun(browser, site.one)
    moved(page, site.other)
    answers = page.locator("article.assistant")
    expect(answers).to_contain_text("word7 ")
    expect(page.locator("section")).to_have_attribute("data-status", "streaming")
    expect(answers).to_have_text(WORDS, timeout=20_000)
    expect(page.locator("section")).to_have_attribute("data-status", "ready")
    assert answers.count() == 1
    moved(page, site.one)  # where it is not streamed any more, but saved
    expect(answers).to_have_text(WORDS)
    assert answers.count() == 1
    page.close()


def test_a_stop_on_another_worker(browser: Any, site: Site, llm: ScriptedProvider) -> None:
    llm.reply(WORDS * 20, pace="live")
    page = begun(browser, site.one)
    moved(page, site.other)
    expect(page.locator("section")).to_have_attribute("data-status", "streaming")
    began = monotonic()
    page.click(".stop")
    expect(page.locator("section")).to_have_attribute("data-status", "ready")
    assert monotonic() - began < 0.5 + 0.5  # of a busy machine
    stopped = page.locator("article.assistant").inner_text()
    moved(page, site.one)
    expect(page.locator("article.assistant")).to_have_text(stopped)
    page.close()


def test_a_killed_worker_is_shown(browser: Any, site: Site, llm: ScriptedProvider) -> None:
    llm.reply(WORDS * 20, pace="live")
    page = begun(browser, site.one)
    moved(page, site.other)
    expect(page.locator("section")).to_have_attribute("data-status", "streaming")
    site.one.process.kill()
    error = page.locator(".error")
    expect(error).to_have_text("The worker that generated this answer died.", timeout=7_000)
    expect(page.locator("article.assistant")).to_contain_text("word5 ")
    page.close()


def test_a_server_restarts_under_a_live_page(
    browser: Any, site: Site, llm: ScriptedProvider
) -> None:
    if site.redis is None:
        pytest.skip("SQLite has no server")
    llm.reply(WORDS, pace="live")
    page = begun(browser, site.one)
    moved(page, site.other)
    expect(page.locator("section")).to_have_attribute("data-status", "streaming")
    site.redis.kill()
    site.redis.start()
    expect(page.locator("article.assistant")).to_have_text(WORDS, timeout=20_000)
    assert page.locator("article.assistant").count() == 1
    page.close()
