"""Callables that are no functions, as tools: instances with ``__call__``, and `functools.partial`.

Each is made a function that calls it, with the name and the docstring of its class, or of the
function that the partial wraps. Arguments that a partial binds are no parameters: they are not the
model's to give, nor to see.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast, get_type_hints

from mirascope.core._tools.docstring import Documentation, documentation_of


def as_function(
    tool: Callable[..., Any] | functools.partial[Any],
) -> tuple[Callable[..., Any], Documentation]:
    """Return a function for a callable, the callable itself if it is one, and its documentation.

    Raises:
        ValueError: An example in the docstring is not JSON.
    """
    if isinstance(tool, functools.partial):
        return _of_partial(cast("Any", tool))
    if hasattr(tool, "__qualname__"):
        return tool, documentation_of(tool)
    return _of_instance(tool)


def _of_partial(tool: functools.partial[Any]) -> tuple[Callable[..., Any], Documentation]:
    inner, documentation = as_function(tool.func)
    everything = inspect.signature(inner).parameters
    unbound = inspect.signature(functools.partial(inner, *tool.args, **tool.keywords)).parameters
    left = {name: unbound[name] for name in unbound if name not in tool.keywords}
    told = documentation.parameters
    parameters = {name: told[name] for name in told if name in left or name not in everything}
    function = _calling(tool, inner, inspect.Signature([*left.values()]))
    return function, replace(documentation, parameters=parameters)


def _of_instance(tool: Callable[..., Any]) -> tuple[Callable[..., Any], Documentation]:
    kind, method = type(tool), cast("Any", tool).__call__
    signature = inspect.signature(method)
    function = _calling(tool, method, signature)
    function.__name__, function.__qualname__ = kind.__name__, kind.__qualname__
    of_call = documentation_of(method)
    if (kind.__doc__ or "").startswith(f"{kind.__name__}("):  # which a dataclass makes for itself
        return function, of_call
    of_class = documentation_of(kind)
    told = {n: text for n, text in of_class.parameters.items() if n in signature.parameters}
    return function, Documentation(
        of_class.description or of_call.description,
        told | of_call.parameters,
        of_class.examples + of_call.examples,
    )


def _calling(
    tool: Callable[..., Any], inner: Callable[..., Any], signature: inspect.Signature
) -> Callable[..., Any]:
    """Return a function that calls a tool, and looks like the function or method behind it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return tool(*args, **kwargs)

    async def acall(*args: Any, **kwargs: Any) -> Any:
        return await tool(*args, **kwargs)

    function: Any = acall if inspect.iscoroutinefunction(inner) else call
    function.__name__, function.__qualname__ = inner.__name__, inner.__qualname__
    function.__module__ = inner.__module__
    function.__annotations__ = get_type_hints(inner, include_extras=True)
    function.__signature__ = signature
    return cast("Callable[..., Any]", function)
