r"""The YAML of recordings: what is text stays readable, and every byte is kept.

Bodies are written here, as literal blocks, since PyYAML puts a text with a tab or with a space at
the end of a line into quotes. Lines that end with ``\r\n``, as Gemini's, have the tag ``!crlf``;
bytes that are no text are YAML's ``!!binary``. PyYAML, which is loaded only here, reads all of it.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from importlib import import_module
from typing import Any, Final

_ESCAPED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What must be escaped in YAML, beyond what must be in JSON."""
_NOT_LITERAL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LINE: Final = 76
_WIDE: Final = 1_000_000


def dump(value: object, indent: int) -> str:
    """Return a value of JSON as a block of YAML whose lines are indented."""
    yaml, _, dumper = _yaml()
    text: str = yaml.dump(
        value, Dumper=dumper, allow_unicode=True, sort_keys=False, width=_WIDE
    ).removesuffix("...\n")
    margin = " " * indent
    return "".join(f"{margin}{line}" if line.strip() else line for line in _lines(text))


def load(text: bytes | str) -> Any:
    """Return the value of a YAML text.

    Raises:
        ValueError: It is not YAML, or has tags that are no data.
    """
    yaml, loader, _ = _yaml()
    try:
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def body_scalar(data: bytes | str, indent: int) -> str:
    r"""Return a scalar of YAML for a part of a body, to be read again as it is.

    Args:
        data: A text, or bytes that are no text.
        indent: How many spaces the node that holds it is indented by.

    Example:
        >>> print("- " + body_scalar("data: 1\n\n", 0))
        - |+
          data: 1
        <BLANKLINE>
    """
    margin = "\n" + " " * (indent + 2)
    if isinstance(data, bytes):
        encoded = base64.b64encode(data).decode()
        lines = [encoded[at : at + _LINE] for at in range(0, len(encoded), _LINE)]
        return f"!!binary |{margin}{margin.join(lines)}"
    crlf = "\r\n" in data and not re.search(r"\r(?!\n)|(?<!\r)\n", data)
    text = data.replace("\r\n", "\n") if crlf else data
    if not text.strip(" \n\t") or _NOT_LITERAL.search(text):
        return _quoted(data)
    content = text.rstrip("\n")
    ends = len(text) - len(content)
    tag, hint = "!crlf " if crlf else "", "2" if text[0] in " \n\t" else ""
    chomping = ("-", "", "+")[min(ends, 2)]
    block = "".join(f"{margin}{line}" if line else "\n" for line in content.split("\n"))
    return f"{tag}|{hint}{chomping}{block}" + "\n" * max(ends - 1, 0)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _lines(text: str) -> list[str]:
    r"""Return the lines with their ends; ``\n`` alone ends a line."""
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


@cache
def _yaml() -> tuple[Any, Any, Any]:
    """Return the module, a loader and a dumper."""
    try:
        yaml: Any = import_module("yaml")
    except ImportError as error:
        from mirascope.errors import MissingSDKError  # noqa: PLC0415  # it is slow to import

        raise MissingSDKError("pyyaml", "testing") from error

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # PyYAML has no types
        """Safe, and as fast as there is one."""

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]  # the same
        """With blocks for texts of several lines, and no references."""

        def ignore_aliases(self, _: object) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: FBT001, FBT002  # as PyYAML calls it
            del indentless
            return yaml.SafeDumper.increase_indent(self, flow, indentless=False)

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value and not _NOT_LITERAL.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    def crlf(loader: Any, node: Any) -> str:
        return str(loader.construct_scalar(node)).replace("\n", "\r\n")

    Loader.add_constructor("!crlf", crlf)
    Dumper.add_representer(str, text)
    return yaml, Loader, Dumper
