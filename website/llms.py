"""The site as Markdown, for programs: a file for each page, ``llms.txt`` and ``llms-full.txt``.

``guide/tools.md`` is beside ``guide/tools/``. A page with docstrings is made from its HTML. Any
other page is its source, without the comments.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import yaml
from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

Nav: TypeAlias = "list[str | dict[str, str | Nav]]"

COMMENT = re.compile(r"\n*^<!--.*?-->\n*", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^(```+).*?^\1", re.DOTALL | re.MULTILINE)
ITEM = re.compile(r"^(- (?:(?!\n- ).)*?)\n\s*\u2013\s*\n\s*", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"\[(`[^`]+`)\]\[[\w.]+\]")
HEADING_ID = re.compile(r"^(#+ .*?) \{ ?#.*\}$", re.MULTILINE)
DIRECTIVE = re.compile(r"^::: ", re.MULTILINE)


def write(settings: Path, docs: Path, site: Path) -> None:
    """Write the files of a site that is built from the pages in ``docs``."""
    config = yaml.safe_load(settings.read_text())
    index, full = f"# {config['site_name']}\n\n> {config['site_description']}\n", ""
    current = ""
    listed = [*pages(config["nav"])]
    for section, title, path in [*listed, *unlisted(docs, listed)]:
        source = (docs / path).read_text()
        text = of_html(site / path) if DIRECTIVE.search(source) else of_source(source)
        (site / path).write_text(text)
        if section != current:
            current = section
            index += f"\n## {section}\n\n"
        index += f"- [{title}]({path}): {first_sentence(of_source(source))}\n"
        full += f"{text}\n"
    (site / "llms.txt").write_text(index)
    (site / "llms-full.txt").write_text(full)


def pages(nav: Nav, section: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the section, the title and the path of each page of the navigation."""
    for each in nav:
        if isinstance(each, str):  # the first page of a section
            yield section, "Overview", each
        else:
            for title, below in each.items():
                if isinstance(below, str):
                    yield section or title, title, below
                else:
                    yield from pages(below, f"{section}: {title}" if section else title)


def unlisted(docs: Path, listed: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the pages that the navigation lacks: those of the examples."""
    found = {str(page.relative_to(docs)) for page in docs.rglob("*.md")}
    named = {path for _, _, path in listed}
    others = sorted(found - named)
    wrong = [*(named - found), *(path for path in others if not path.startswith("examples/"))]
    if wrong:
        sys.exit(f"mkdocs.yml and the folder of the pages do not agree about {', '.join(wrong)}")
    return [("Programs", Path(path).stem, path) for path in others]


def of_source(text: str) -> str:
    """Return the Markdown of a page that a reader sees."""
    text = COMMENT.sub("\n\n", text)
    return REFERENCE.sub(r"\1", HEADING_ID.sub(r"\1", text)).strip() + "\n"


def of_html(page: Path) -> str:
    """Return the Markdown of a page that is built of docstrings."""
    html = (page.with_suffix("") if page.name != "index.md" else page.parent) / "index.html"
    [article] = BeautifulSoup(html.read_text(), "html.parser").select("article")
    for needless in article.select(".headerlink, a[id^=__], button, nav"):
        needless.decompose()
    converter = MarkdownConverter(
        heading_style="ATX", bullets="-", strip=["a"], code_language="python"
    )
    text = "\n".join(line.rstrip() for line in converter.convert_soup(article).splitlines())
    text = ITEM.sub(lambda match: " ".join(match[1].split()).replace(" )", ")") + ": ", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def first_sentence(text: str) -> str:
    """Return the first sentence of a page, on one line, without links."""
    paragraphs = [
        each for each in FENCE.sub("", text).split("\n\n") if each.strip()[:1] not in "#|>!-<:"
    ]
    line = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", " ".join(paragraphs[0].split()))
    return re.split(r"(?<=[.:])\s", line, maxsplit=1)[0]
