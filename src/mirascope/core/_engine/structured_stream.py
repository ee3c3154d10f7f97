"""A stream that is read as partial values of a response model.

The JSON of the response is parsed while it is received, each character once: the arguments of the
tool that the model is forced to call or, until there is a call, the text. A response that does not
fit the type raises pydantic's own ``ValidationError`` at its end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Mapping
from contextlib import aclosing, closing, suppress
from typing import Any, Generic, NoReturn, TypeAlias, cast, get_origin

from pydantic import BaseModel, ValidationError
from typing_extensions import TypeVar, override

from mirascope.core._engine.closing import Closable
from mirascope.core._engine.stream import BaseStream
from mirascope.core._responses.call_response_chunk import BaseCallResponseChunk
from mirascope.core._responses.response_model import (
    WRAPPED,
    ResponseModel,
    error_with_response,
    with_response,
)
from mirascope.core._structured.partial_value import MalformedJSONError, PartialValue
from mirascope.core._tools.tool_calls import find_call
from mirascope.core._wire.events import ToolCall
from mirascope.core._wire.json_response import JSONStart, ends_reasoning

T = TypeVar("T", default=object, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'
ElementT = TypeVar("ElementT")
Chunk: TypeAlias = BaseCallResponseChunk[Any, Any]


class _StreamReader(ABC, Generic[T]):
    """Iterates a stream, sync or async: values from each chunk, and values from its end."""

    stream: BaseStream[Any, Any, Any, Any]

    @abstractmethod
    def _values_of(self, chunk: Chunk) -> Iterable[T]: ...

    @abstractmethod
    def _last_values(self) -> Iterable[T]: ...

    def __iter__(self) -> Iterator[T]:
        """Send the request and yield the values."""
        with closing(cast("Generator[tuple[Chunk, object]]", iter(self.stream))) as items:
            for chunk, _ in items:
                yield from self._values_of(chunk)
        if self.stream.state == "finished":
            yield from self._last_values()

    async def __aiter__(self) -> AsyncIterator[T]:
        """Send the request and yield the values, async."""
        items = cast("AsyncGenerator[tuple[Chunk, object]]", aiter(self.stream))
        async with aclosing(items):
            async for chunk, _ in items:
                for value in self._values_of(chunk):
                    yield value
        if self.stream.state == "finished":
            for value in self._last_values():
                yield value

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a stream cannot be copied or pickled: use its last item, the complete value"
        )


class BaseStructuredStream(_StreamReader[T], Closable):
    """A stream of partial values of a response model: iterate it once.

    Use ``for``, or ``async for`` if the function is async. Each item is the value as received so
    far; a new item is yielded when something was added. The last item is the complete, validated
    value. Leaving the loop early closes the connection.

    A partial value is an instance of a subclass of the response model, named ``Partial...``:

    - A field that was not received yet is ``None``, and not in ``model_fields_set``.
    - Strings, lists and nested models grow.
    - Any other field is set when it is complete and valid.

    Args:
        stream: The stream of the response.
        response_model: The type: a pydantic model, or any type that pydantic can validate.
        fields_from_call_args: The values of the fields that come from the call's arguments.

    Attributes:
        stream (BaseStream): The stream of the response, with its text, usage and state.
        growing (PartialValue): The parser of the partial value.
        json_delta (str): The JSON text that the newest chunk added, as the model wrote it.
        constructed_response_model: The complete value; set at the end. `response_of` a model
            returns the response.

    Raises:
        StreamError: While iterating: the stream failed.
        pydantic.ValidationError: At the end: the response does not match the type, or is cut off.
            `response_of` the error returns the response.
        ModelRefused: At the end: the model refuses to answer.

    Example:
        >>> from pydantic import BaseModel
        >>> from mirascope import testing
        >>> from mirascope.core import openai
        >>> class Book(BaseModel):
        ...     title: str
        ...     author: str
        >>> @openai.call("gpt-4o-mini", response_model=Book, stream=True)
        ... def recommend_book(genre: str) -> str:
        ...     return f"Recommend a {genre} book"
        >>> with testing.provider() as llm:
        ...     llm.reply(value=Book(title="Emma", author="Jane Austen"), by=20)
        ...     for book in recommend_book("classic"):
        ...         print(repr(book))
        PartialBook(title='Emma')
        PartialBook(title='Emma', author='Jane Austen')
        Book(title='Emma', author='Jane Austen')
    """

    constructed_response_model: T

    def __init__(
        self,
        *,
        stream: BaseStream[Any, Any, Any, Any],
        response_model: type[T],
        fields_from_call_args: Mapping[str, object] | None = None,
    ) -> None:
        self.stream = stream
        self.response_model = response_model
        self.fields_from_call_args = fields_from_call_args or {}
        self._type = ResponseModel(response_model)
        self._json = _ResponseJSON(stream, self._type)
        self.growing: PartialValue[BaseModel] = PartialValue(self._type.model)
        self.json_delta = ""

    @property
    def reasoning(self) -> str:
        """The reasoning so far, including reasoning in ``<think>`` tags of the text."""
        return self.stream.reasoning

    @property
    def elements(self: BaseStructuredStream[list[ElementT]]) -> Elements[ElementT]:
        """The elements of a list, each yielded and validated when it is complete.

        Iterate this instead of the stream, with ``for`` or ``async for``.

        Raises:
            TypeError: The response model is not a list.
        """
        if get_origin(self.response_model) is not list:
            raise TypeError(
                f"`elements` needs a response model such as list[Book], not {self.response_model}"
            )
        return Elements(self)

    def over(self, stream: BaseStream[Any, Any, Any, Any]) -> BaseStructuredStream[T]:
        """Return a structured stream of the same type over another stream."""
        return BaseStructuredStream(
            stream=stream,
            response_model=self.response_model,
            fields_from_call_args=self.fields_from_call_args,
        )

    def grow(self, chunk: Chunk) -> bool:
        """Add a chunk to the partial value, and return whether it changed the value."""
        self.json_delta = text = self._json.feed(chunk)
        if self._json.restarted:
            self.growing = PartialValue(self._type.model)
        with suppress(MalformedJSONError):  # validation reports it at the end
            return bool(text) and self.growing.feed(text)
        return False

    def finish(self) -> T:
        """Return the complete, validated value.

        Raises:
            pydantic.ValidationError: The response does not match the type.
            ModelRefused: The model refuses to answer.
        """
        response = self.stream.partial()
        if self._is_validated:
            value = with_response(self._type.unwrap(self.growing.result()), response)
        else:
            value = self._type.parse(response, self.fields_from_call_args)
        self.constructed_response_model = value
        return value

    @property
    def _is_validated(self) -> bool:
        """Whether the partial value is the complete value, which was validated on the way."""
        if not self.growing.is_valid or self.fields_from_call_args:
            return False
        return not self._json.may_be_reasoning

    @property
    def partial_value(self) -> T | None:
        """The partial value that iteration yields; ``None`` before its JSON begins."""
        partial = self.growing.value
        if partial is not None and self.fields_from_call_args:
            partial = partial.model_copy(update=self.fields_from_call_args)
        return None if partial is None else self._type.unwrap(partial)

    @override
    def _values_of(self, chunk: Chunk) -> Iterable[T]:
        if not self.grow(chunk) or self.growing.complete:
            return ()
        value = self.partial_value
        return () if value is None else (value,)

    @override
    def _last_values(self) -> Iterable[T]:
        return (self.finish(),)

    @override
    def close(self) -> None:
        """Close the connection now; see `BaseStream.close`."""
        self.stream.close()

    @override
    async def aclose(self) -> None:
        """Close the connection now; see `BaseStream.aclose`."""
        await self.stream.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.response_model}, {self.stream.state}>"


class Elements(_StreamReader[T]):
    """The elements of a response that is a list; see `BaseStructuredStream.elements`.

    Args:
        source: The structured stream of the list.
    """

    def __init__(self, source: BaseStructuredStream[list[T]]) -> None:
        self.stream = source.stream
        self._source = source
        self._count = 0

    @override
    def _values_of(self, chunk: Chunk) -> Iterable[T]:
        self._source.grow(chunk)
        try:
            elements = cast("list[T]", self._source.growing.elements(WRAPPED))
        except ValidationError as error:
            raise error_with_response(error, self.stream.partial())  # noqa: B904  # the same error
        self._count += len(elements)
        return elements

    @override
    def _last_values(self) -> Iterable[T]:
        """Return the elements that only the end of the response completes."""
        return self._source.finish()[self._count :]


class _ResponseJSON:
    """Extracts the JSON of a response from the chunks of its stream.

    Attributes:
        restarted: Whether the last chunk made the JSON before it void: it has opened the tool call,
            which replaces the text, or is the first one of a retry.
    """

    def __init__(
        self, stream: BaseStream[Any, Any, Any, Any], response_model: ResponseModel[Any]
    ) -> None:
        self._stream = stream
        self._type = response_model
        self._reset()

    def _reset(self) -> None:
        self._reply = self._stream.reply
        self._start = JSONStart(lists=self._type.bare)
        self._call: ToolCall | None = None
        self._position = 0
        self.restarted = False

    @property
    def may_be_reasoning(self) -> bool:
        """Whether the text has the end of reasoning but not its beginning."""
        return (
            self._call is None
            and not self._start.has_reasoning
            and ends_reasoning(self._reply.content)
        )

    def feed(self, chunk: Chunk) -> str:
        """Return the JSON text that a chunk adds."""
        self.restarted = False
        if self._stream.reply is not self._reply:
            self._reset()
            self.restarted = True
        call = find_call(self._stream.reply.tool_calls, self._type.name)
        if call is None:
            return self._json_in(chunk.content)
        if call is not self._call:
            self._call, self._position, self.restarted = call, 0, True
        text = call.arguments_from(self._position)
        self._position += len(text)
        return text

    def _json_in(self, text: str) -> str:
        """Return a text without what precedes the JSON; the parser detects where that ends."""
        had_started = self._start.found
        text = self._start.feed(text)
        if not had_started and text.startswith("[") and self._type.wrapped:
            return f'{{"{WRAPPED}":{text}'
        return text
