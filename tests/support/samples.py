"""The samples of a Markdown page, run one after another in one namespace and one folder.

- A ``python`` block is run. What it prints stands in the ``text`` block after it.
- A ``python title="book.py"`` block is written to that file, and not run by itself. Later blocks
  can import it.
- The commands of a ``console`` block, which begin with ``$``, are run in a shell in that folder.
  The lines below a command are what it prints.
- A comment ``<!-- run: python`` is run, and readers do not see it. It has what samples need, such
  as ``llm.reply("Emma")``: each page has a scripted provider, which is ``llm`` there whatever the
  samples import under that name.
- All other blocks are only shown, and so are those with another title: ``console title="For
  example"`` has what a real model may print.

Dates, durations and the times in ids may differ from those of the page.

With ``MIRASCOPE_WRITE_DOCS=1`` a page is changed to show what its samples print.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import chdir, contextmanager, redirect_stdout
from pathlib import Path

from sybil import Document, Example, Region
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, FencedCodeBlockLexer

from mirascope import testing
from mirascope.testing import ScriptedProvider

WRITE = "MIRASCOPE_WRITE_DOCS"

FILE = re.compile(r'python title="([\w/.-]+)"( hl_lines="[\d -]+")?')
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.+)\n", re.MULTILINE)
SECONDS = 60

VARYING = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d"  # dates, as of a log
    r"|\b\d+\.\d+(?= ?s\b)|\b\d+\.\d{6,}|\b[\d.,]+(?= tokens/s)"  # durations
    r"|\b1[6-9]\d{11}\b"  # milliseconds since the epoch, as in the ids of events
)


class _Samples:
    """The samples of one page, as they run in one folder."""

    def __init__(self, folder: Path, llm: ScriptedProvider) -> None:
        self.folder = folder
        self.llm = llm
        self.printed = ""
        self.corrections: list[tuple[Region, str]] = []

    def parse(self, document: Document) -> Iterable[Region]:
        fences = FencedCodeBlockLexer(".+", mapping={"language": "info", "source": "source"})
        comments = DirectiveInHTMLCommentLexer("run", "python", mapping={"source": "source"})
        for region in fences(document):
            kind, _, title = region.lexemes["info"].partition(" ")
            runs = {"python": self.run, "text": self.compare, "console": self.run_commands}
            if FILE.fullmatch(region.lexemes["info"]):
                region.evaluator = self.write_file
            elif kind in runs and not title:
                region.evaluator = runs[kind]
            elif region.lexemes["info"] == 'text title="Output, for example"':
                region.evaluator = self.skip
            if region.evaluator is not None:
                region.parsed = region.lexemes["source"]
                yield region
        for region in comments(document):
            region.parsed, region.evaluator = region.lexemes["source"], self.run_hidden
            yield region

    def run(self, example: Example) -> None:
        self.end()
        with redirect_stdout(io.StringIO()) as out:
            self.execute(example)
        self.printed = out.getvalue()

    def run_hidden(self, example: Example) -> None:
        self.end()
        shown = example.namespace["llm"]
        example.namespace["llm"] = self.llm
        self.execute(example)
        example.namespace["llm"] = shown

    def execute(self, example: Example) -> None:
        line = example.line + example.parsed.line_offset
        code = compile("\n" * line + example.parsed, example.path, "exec", dont_inherit=True)
        exec(code, example.namespace)  # noqa: S102  # samples are to be run

    def write_file(self, example: Example) -> None:
        self.end()
        path = self.folder / example.region.lexemes["info"].split('"')[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example.parsed)

    def run_commands(self, example: Example) -> None:
        self.end()
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            "PYTHONUNBUFFERED": "1",  # as on a terminal, stdout and stderr are in order
        }
        printed = ""
        for command in COMMAND.findall(example.parsed):
            done = subprocess.run(
                ["bash", "-c", command],  # noqa: S607
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            printed += f"$ {command}\n{_trimmed(done.stdout)}"
        self.show(example, printed)

    def skip(self, example: Example) -> None:
        """Compare nothing: the block shows what a real model once printed."""
        assert self.printed, f"{example.path}:{example.line}: nothing was printed"
        self.printed = ""

    def compare(self, example: Example) -> None:
        printed, self.printed = _trimmed(self.printed), ""
        self.show(example, printed)

    def show(self, example: Example, printed: str) -> None:
        if VARYING.sub("#", printed) == VARYING.sub("#", example.parsed):
            return
        if os.environ.get(WRITE):
            self.corrections.append((example.region, printed))
        else:
            raise AssertionError(f"{example.path}:{example.line} printed {printed!r}")

    def end(self) -> None:
        """Check that what was printed is shown."""
        assert not self.printed, f"no `text` block shows that a sample printed {self.printed!r}"


def _trimmed(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def _isolated(folder: Path) -> Generator[None]:
    """Let the modules of a folder be imported; at the end, restore modules and environment."""
    environment = dict(os.environ)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        os.environ.clear()
        os.environ.update(environment)
        for name, module in [*sys.modules.items()]:
            if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
                del sys.modules[name]


def run_samples(page: Path, folder: Path) -> None:
    """Run the samples of a page in a folder of their own."""
    with chdir(folder), _isolated(folder), ScriptedProvider() as llm:
        samples = _Samples(folder, llm)
        document = Document.parse(str(page), samples.parse)
        document.namespace |= {"__name__": "__main__", "llm": llm, "testing": testing}
        for example in document.examples():
            example.evaluate()
        samples.end()
    text = document.text
    for region, printed in reversed(samples.corrections):
        block = text[region.start : region.end]
        first, *_, last = block.splitlines()
        text = f"{text[: region.start]}{first}\n{printed}{last}{text[region.end :]}"
    if text != document.text:
        page.write_text(text)
