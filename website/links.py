"""An extension of Griffe, for the reference: docstrings as Markdown, with links.

- A public name in single backticks, such as `Timeout`, becomes a link to its reference.
- What a docstring writes for `help()` becomes Markdown: literal blocks, examples.
- The attributes that a class describes are described where they are shown.
- The sentences for contributors ("Begin with ...") are left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from typing import cast

import griffe

NAME = re.compile(r"(?<![`\w])`([A-Za-z_][\w.]*)`(?!`)")
FOR_CONTRIBUTORS = re.compile(r"\n\n(?:(?!\n\n).)*?Begin with.*?(?=\n\n|$)", re.DOTALL)
DOCTEST = re.compile(r"^>>> .*?(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)
ATTRIBUTES = re.compile(r"\n\nAttributes:\n(.*?)(?=\n\n\w|\Z)", re.DOTALL)
ATTRIBUTE = re.compile(r"^(\w+)(?: \([^\n]*\))?: (.*?)(?=^\w|\Z)", re.DOTALL | re.MULTILINE)

CALL_NAME = re.compile(r"^mirascope\.core\.\w+\.call\.(\w+_)?call$")
DEFAULTS = {"keep": '"all"', "on_interrupt": '"raise"'}
CALL = """Make a prompt function call a model of this provider.

The calls of all providers have the same options: see
[`call`][mirascope.core.providers.Call.call]."""


class Links(griffe.Extension):
    """Makes docstrings Markdown, and its names links."""

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **_: object) -> None:
        """Change the docstrings of the package."""
        if pkg.path != "mirascope":
            return
        loader.resolve_aliases(implicit=False, external=False)
        _show_call(pkg)
        objects = [*_objects(pkg)]
        for module in [*_modules(pkg)]:
            _show_namesakes(module)
        public = {path for module in _modules(pkg) for path in _public(module)}
        for each in objects:
            if isinstance(each, griffe.Attribute) and CALL_NAME.search(each.path):
                each.value = None
                each.docstring = griffe.Docstring(CALL, parent=each)
            elif each.docstring:
                text = _as_markdown(each, each.docstring.value)
                if isinstance(each, griffe.Class):
                    text = ATTRIBUTES.sub(lambda match, owner=each: _move(match, owner), text)
                each.docstring.value = text
        for module in _modules(pkg):
            _import_errors(module, pkg)
        for each in objects:
            if each.docstring:
                each.docstring.value = _linked(each, each.docstring.value, public)


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for child in module.modules.values():
        if isinstance(child, griffe.Module):
            yield from _modules(child)


def _show_namesakes(package: griffe.Module) -> None:
    """Show the name that a package imports from its module of that name, not the module."""
    exports = {str(name) for name in package.exports or ()}
    for name, member in [*package.members.items()]:
        if not (name in exports or member.is_alias):
            continue
        with suppress(griffe.AliasResolutionError):
            module = member.final_target if isinstance(member, griffe.Alias) else member
            if isinstance(module, griffe.Module) and name in module.members:
                named = module.members[name]
                package.members[name] = griffe.Alias(name, target=named, parent=package)


def _import_errors(module: griffe.Module, pkg: griffe.Module) -> None:
    """Let the docstrings of a module name the errors that it does not import."""
    for name in map(str, pkg["errors"].exports):
        if name not in module.members:
            module.members[name] = griffe.Alias(name, target=pkg["errors"][name], parent=module)
            module.imports[name] = f"mirascope.errors.{name}"


def _objects(parent: griffe.Object) -> Iterator[griffe.Object]:
    yield parent
    for member in parent.members.values():
        if isinstance(member, griffe.Object):
            yield from _objects(member)


def _public(module: griffe.Module) -> Iterator[str]:
    """Yield where the public names of a module are defined."""
    if any(part.startswith("_") for part in module.path.split(".")):
        return
    if not module.path.startswith("mirascope.core."):
        yield module.path
    for name in module.exports or ():
        try:
            yield module[str(name)].canonical_path
        except (griffe.AliasResolutionError, KeyError):
            continue


def _show_call(pkg: griffe.Module) -> None:
    """Show what a provider's `call` is called with, as its method `call`."""
    kind = griffe.ParameterKind.keyword_only
    decorator = cast("griffe.Class", pkg["core._calls.decorator.Call"])
    method = cast("griffe.Function", decorator["__call__"])
    parameters = [each for each in method.parameters if each.name not in ("self", "options")]
    for name, option in pkg["core._calls.options.CallOptions"].attributes.items():
        default = DEFAULTS.get(name) or ("False" if str(option.annotation) == "bool" else "None")
        parameter = griffe.Parameter(name, annotation=option.annotation, kind=kind, default=default)
        parameters.append(parameter)
    shown = griffe.Function("call", parameters=griffe.Parameters(*parameters))
    shown.returns, shown.docstring = method.returns, method.docstring
    if shown.docstring is not None:
        shown.docstring.parent = shown
    method.docstring = griffe.Docstring(CALL, parent=method)
    decorator.set_member("call", shown)


def _as_markdown(each: griffe.Object, text: str) -> str:
    if isinstance(each, griffe.Module):
        text = FOR_CONTRIBUTORS.sub("", text)
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    text = re.sub(
        r"^>>> .*?(?=\n\n|\Z)", r"```pycon\n\g<0>\n```", text, flags=re.MULTILINE | re.DOTALL
    )
    return re.sub(r"^(\s*)::\n", r"\1", text, flags=re.MULTILINE).replace("::\n\n", ":\n\n")


def _move(match: re.Match[str], owner: griffe.Class) -> str:
    """Give attributes what their class describes; return what is left of the description."""
    left = ""
    for name, described in ATTRIBUTE.findall(textwrap.dedent(match[1])):
        member = owner.members.get(name)
        if isinstance(member, griffe.Attribute) and member.docstring is None:
            member.docstring = griffe.Docstring(_dedented(described), parent=member)
        else:
            left += textwrap.indent(f"{name}: {described.rstrip()}\n", "    ")
    return f"\n\nAttributes:\n{left}" if left else ""


def _dedented(text: str) -> str:
    first, _, rest = text.strip().partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}".strip()


def _linked(each: griffe.Object, text: str, public: set[str]) -> str:
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
