"""Functions for other callables: instances with ``__call__``, and `functools.partial`.

The function has the name and the docstring of the instance's class, or of the partial's function.
Arguments that a partial binds are not among the parameters: the model neither sees nor sets them.
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
    """Return a function that calls a callable (a function as it is), and its documentation.

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
    declared = inspect.signature(inner).parameters
    accepted = inspect.signature(functools.partial(inner, *tool.args, **tool.keywords)).parameters
    unbound = {name: accepted[name] for name in accepted if name not in tool.keywords}
    parameters = {
        name: text
        for name, text in documentation.parameters.items()
        if name in unbound or name not in declared
    }
    function = _wrapper(tool, inner, inspect.Signature([*unbound.values()]))
    return function, replace(documentation, parameters=parameters)


def _of_instance(tool: Callable[..., Any]) -> tuple[Callable[..., Any], Documentation]:
    kind, method = type(tool), cast("Any", tool).__call__
    signature = inspect.signature(method)
    function = _wrapper(tool, method, signature)
    function.__name__, function.__qualname__ = kind.__name__, kind.__qualname__
    method_docs = documentation_of(method)
    if (kind.__doc__ or "").startswith(f"{kind.__name__}("):  # a dataclass generates such a text
        return function, method_docs
    class_docs = documentation_of(kind)
    parameters = {n: text for n, text in class_docs.parameters.items() if n in signature.parameters}
    return function, Documentation(
        class_docs.description or method_docs.description,
        parameters | method_docs.parameters,
        class_docs.examples + method_docs.examples,
    )


def _wrapper(
    tool: Callable[..., Any], inner: Callable[..., Any], signature: inspect.Signature
) -> Callable[..., Any]:
    """Return a function that calls a callable, with the names and annotations of `inner`."""

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
