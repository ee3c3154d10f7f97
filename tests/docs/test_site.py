"""The built site: its Markdown, its search, and its pages in Chromium. `nox -s docs` runs this."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
PREPARED, SITE = ROOT / "build" / "docs", ROOT / "site"
PAGES = [page.relative_to(PREPARED) for page in sorted(PREPARED.rglob("*.md"))]
WIDE, NARROW = {"width": 1400, "height": 1000}, {"width": 390, "height": 1000}
LOOKED_AT = ["", "providers/", "guide/tools/", "understand/failures/", "reference/core/calls/"]

pytestmark = pytest.mark.skipif(
    not os.environ.get("MIRASCOPE_SITE_TESTS"), reason="`nox -s docs` builds the site"
)


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    handler = partial(_Files, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Page]:
    page = browser.new_page(viewport=WIDE)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    yield page
    page.close()
    elsewhere = [each for each in requested if not each.startswith((url, "data:", "blob:"))]
    assert elsewhere == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_is_markdown_too(page: Path) -> None:
    text = (SITE / page).read_text()
    assert text.startswith("# ")
    assert not re.search(r"^(<!--|::: )", text, re.MULTILINE)
    assert (SITE / page).with_suffix("").joinpath("index.html").exists() or page.stem == "index"


def test_each_link_and_picture_is_there() -> None:
    missing = []
    for html in SITE.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"]+)"', html.read_text()):
            path = unquote(urlsplit(link).path)
            target = (SITE if path.startswith("/") else html.parent) / path.lstrip("/")
            if not (link.startswith(("https:", "data:", "mailto:")) or target.exists()):
                missing.append(f"{html.relative_to(SITE)}: {link}")
    assert missing == []


def test_the_list_of_pages_has_each_with_a_sentence() -> None:
    text = (SITE / "llms.txt").read_text()
    listed = re.findall(r"^- \[.+?\]\((.+?)\): \S", text, re.MULTILINE)
    assert sorted(listed) == sorted(map(str, PAGES))
    assert text.startswith("# mirascope-streams\n\n> ")


def test_one_file_has_all_pages() -> None:
    text = (SITE / "llms-full.txt").read_text()
    for page in PAGES:
        assert (SITE / page).read_text() in text, page
    assert "`StreamTruncated`" in text
    assert "<!-- run" not in text


@pytest.mark.parametrize("words", ["timeout", "break", "useChat"])
def test_the_search_finds(page: Page, url: str, words: str) -> None:
    page.goto(url, wait_until="networkidle")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill(words)
    results = page.get_by_role("option")
    expect(results.first).to_contain_text(re.compile(words, re.IGNORECASE))
    found, anchor = urldefrag(results.first.get_attribute("href") or "")
    page.goto(f"{found}#{anchor}")
    expect(page.locator("article")).to_contain_text(re.compile(words, re.IGNORECASE))


@pytest.mark.parametrize("path", LOOKED_AT)
@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_page_fits_the_window(page: Page, url: str, path: str, window: Any) -> None:
    page.set_viewport_size(window)
    page.goto(url + path)
    expect(page.locator("article h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= window["width"]
