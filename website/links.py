"""An extension of Griffe, for the reference: `names` in docstrings become links.

In a docstring, `Timeout` in single backticks is a public name. It becomes a link if the reference
has the name. Text in double backticks stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import griffe

NAME = re.compile(r"(?<![`\w])`([A-Za-z_][\w.]*)`(?!`)")
FOR_CONTRIBUTORS = re.compile(r"\n\n(?:(?!\n\n).)*?Begin with.*?(?=\n\n|$)", re.DOTALL)
CALL = """Make a prompt function call a model of this provider.

All providers have the same options: see [`Call`][mirascope.core.providers.Call.__call__]."""


class Links(griffe.Extension):
    """Makes links of names, and leaves out what is for contributors."""

    def on_package(self, *, pkg: griffe.Module, **_: object) -> None:
        """Change the docstrings of the package."""
        if pkg.path == "mirascope":
            public = {path for module in _modules(pkg) for path in _public(module)}
            for each in _objects(pkg):
                _document_call(each)
                if each.docstring:
                    each.docstring.value = _linked(each, each.docstring.value, public)


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for child in module.modules.values():
        if isinstance(child, griffe.Module):
            yield from _modules(child)


def _objects(parent: griffe.Object) -> Iterator[griffe.Object]:
    yield parent
    for member in parent.members.values():
        if isinstance(member, griffe.Object):
            yield from _objects(member)


def _public(module: griffe.Module) -> Iterator[str]:
    """Yield where the public names of a module are defined."""
    if any(part.startswith("_") for part in module.path.split(".")):
        return
    for name in module.exports or ():
        try:
            yield module[str(name)].canonical_path
        except (griffe.AliasResolutionError, KeyError):
            continue


def _document_call(each: griffe.Object) -> None:
    if isinstance(each, griffe.Attribute) and str(each.value) == "Call(PROVIDER)":
        each.value = None
        each.docstring = griffe.Docstring(CALL, parent=each)


def _linked(each: griffe.Object, text: str, public: set[str]) -> str:
    if isinstance(each, griffe.Module):
        text = FOR_CONTRIBUTORS.sub("", text)

    def link(match: re.Match[str]) -> str:
        found = _resolve(each, match[1])
        if found is None or found == each.path:
            return match[0]
        documented = found in public or found.rpartition(".")[0] in public
        return f"[{match[0]}][{found}]" if documented else match[0]

    return NAME.sub(link, text)


def _resolve(each: griffe.Object, name: str) -> str | None:
    """Return the path of what a name means in a docstring, or ``None``."""
    first, _, rest = name.partition(".")
    scope: griffe.Object | None = each
    while scope is not None:
        members = scope.all_members if isinstance(scope, griffe.Class) else scope.members
        try:
            if first in members:
                found = members[first]
                return (found[rest] if rest else found).canonical_path
        except (griffe.AliasResolutionError, KeyError):
            return None
        scope = scope.parent
    return name if name.startswith("mirascope.") else None
