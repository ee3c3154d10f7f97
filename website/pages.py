"""The pages that the site is built from, in ``build/docs``: ``docs``, and the examples.

Pages link to files of the repository, as readers of the source expect. The site has a page for each
example, and those links lead to it. Links to other files are left out.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from os.path import relpath
from pathlib import Path

LINK = re.compile(r"(?<!!)\[([^]]+)\]\(((?!https?://|#)[^)#\s]+)(#[^)\s]+)?\)")
FENCE = re.compile(r"(^ *```.*?^ *```)", re.DOTALL | re.MULTILINE)
LANGUAGES = {
    ".html": "html",
    ".ipynb": "python",
    ".json": "json",
    ".jsx": "jsx",
    ".py": "python",
    ".toml": "toml",
}
SKIPPED = {"node_modules", "__pycache__", "dist"}
EXTRA = {"bench/README.md": "bench.md", "examples/README.md": "examples/index.md"}


def prepare(root: Path) -> Path:
    """Write the pages, and return their folder."""
    pages = root / "build" / "docs"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(root / "docs", pages, ignore=shutil.ignore_patterns("*.py"))
    (pages / "examples").mkdir()
    for source, target in EXTRA.items():
        if (root / source).exists():
            (pages / target).write_text(linked(root / source, target, root))
    for example in sorted((root / "examples").iterdir()):
        if example.is_dir() or example.suffix in (".py", ".ipynb"):
            (pages / "examples" / f"{example.stem}.md").write_text(page_of(example))
    for source in sorted((root / "docs").rglob("*.md")):
        target = str(source.relative_to(root / "docs"))
        (pages / target).write_text(linked(source, target, root))
    return pages


def linked(source: Path, target: str, root: Path) -> str:
    """Return a page whose links lead to pages of the site."""

    def link(match: re.Match[str]) -> str:
        text, path, anchor = match[1], match[2], match[3] or ""
        file = (source.parent / path).resolve()
        if not file.is_relative_to(root):
            return match[0]
        found, own_anchor = page_at(file.relative_to(root).as_posix())
        if found is None:
            return text
        return f"[{text}]({relpath(found, Path(target).parent)}{own_anchor or anchor})"

    parts = FENCE.split(source.read_text())
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)


def page_at(path: str) -> tuple[str | None, str]:
    """Return the page of a file of the repository, and the anchor of the file there."""
    if path in EXTRA:
        return EXTRA[path], ""
    if path.startswith("docs/"):
        return path.removeprefix("docs/"), ""
    folder, _, rest = path.partition("/")
    if folder != "examples" or not rest:
        return ("examples/index.md" if folder == "examples" else None), ""
    example, _, file = rest.partition("/")
    return f"examples/{Path(example).stem}.md", f"#{anchor_of(file)}" if file else ""


def page_of(example: Path) -> str:
    """Return the page with the files of an example."""
    if example.is_file():
        return f"# {example.name}\n\n{described(example)}\n\n{fenced(example)}"
    files = [
        path
        for path in sorted(example.rglob("*"))
        if path.suffix in LANGUAGES and not SKIPPED & {*path.parts}
    ]
    names = [path.relative_to(example).as_posix() for path in files]
    page = f"# {example.name}\n\nThe files of this example are `{'`, `'.join(names)}`.\n"
    for path, name in zip(files, names, strict=True):
        page += f"\n## {name} {{ #{anchor_of(name)} }}\n\n{fenced(path)}"
    return page


def described(path: Path) -> str:
    """Return the first paragraph of a program or a notebook."""
    if path.suffix == ".py":
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        return text.partition("\n\n")[0]
    cells = (
        cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown"
    )
    paragraphs = "\n\n".join("".join(cell["source"]) for cell in cells).split("\n\n")
    return next(each for each in paragraphs if not each.startswith("#"))


def fenced(path: Path) -> str:
    """Return a file as a block of code."""
    code = path.read_text()
    if path.suffix == ".ipynb":
        cells = (cell for cell in json.loads(code)["cells"] if cell["cell_type"] == "code")
        code = "\n\n\n".join("".join(cell["source"]) for cell in cells)
    return f"````{LANGUAGES[path.suffix]}\n{code.strip()}\n````\n"


def anchor_of(name: str) -> str:
    """Return the anchor of a file of an example."""
    return re.sub(r"\W+", "-", name)
