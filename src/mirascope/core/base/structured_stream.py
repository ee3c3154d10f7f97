"""A stream that is read as a growing value of a type.

The JSON of the answer is read as it comes, each character once: the arguments of the tool that the
model is made to call or, until there is a call, the text. An answer that does not fit the type is
pydantic's own ``ValidationError``, raised when it has ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Mapping
from contextlib import aclosing, closing, suppress
from typing import Any, Generic, NoReturn, TypeAlias, cast, get_origin

from pydantic import BaseModel, ValidationError
from typing_extensions import TypeVar, override

from mirascope.core._structured.growing import Growing, MalformedJSONError
from mirascope.core._wire.events import ToolCall
from mirascope.core._wire.json_answer import JSONStart, ends_reasoning
from mirascope.core.base._answer_type import WRAPPED, AnswerType, answered, refused
from mirascope.core.base._called import called_as
from mirascope.core.base._closing import Closing
from mirascope.core.base.call_response_chunk import BaseCallResponseChunk
from mirascope.core.base.stream import BaseStream

T = TypeVar("T", default=object, covariant=True)  # noqa: PLC0105  # covariant: a class without its parameters stands for all providers'
ElementT = TypeVar("ElementT")
Chunk: TypeAlias = BaseCallResponseChunk[Any, Any]


class _Reading(ABC, Generic[T]):
    """A way to read a stream: what each chunk gives, and what its end gives."""

    stream: BaseStream[Any, Any, Any, Any]

    @abstractmethod
    def _read(self, chunk: Chunk) -> Iterable[T]: ...

    @abstractmethod
    def _end(self) -> Iterable[T]: ...

    def __iter__(self) -> Iterator[T]:
        with closing(cast("Generator[tuple[Chunk, object]]", iter(self.stream))) as items:
            for chunk, _ in items:
                yield from self._read(chunk)
        if self.stream.state == "finished":
            yield from self._end()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a stream cannot be copied or pickled: use the value that it ends in")

    async def __aiter__(self) -> AsyncIterator[T]:
        items = cast("AsyncGenerator[tuple[Chunk, object]]", aiter(self.stream))
        async with aclosing(items):
            async for chunk, _ in items:
                for item in self._read(chunk):
                    yield item
        if self.stream.state == "finished":
            for item in self._end():
                yield item


class BaseStructuredStream(_Reading[T], Closing):
    """An answer of a type as it comes: iterate it once, with ``for`` or ``async for``.

    Each item is the value so far, a new one whenever something has been added to it; the last is
    the whole, validated value. The values before that are instances of the response model (of a
    subclass of it named ``Partial...``): fields that have not begun are ``None`` and not among the
    ``model_fields_set``; texts, lists and nested models grow; anything else appears when it is
    complete and valid. Leaving the loop early closes the connection.

    Args:
        stream: The stream of the answer.
        response_model: The type.
        fields_from_call_args: The values of the fields that come from the call.

    Attributes:
        stream: The stream of the answer, with its text, its usage and its state.
        growing: The value so far.
        json_delta: The JSON text that the newest chunk has added, as the model wrote it.
        constructed_response_model: The whole value, once it has come; a model among them has the
            response as ``_response`` (`response_of`).

    Raises:
        StreamError: While iterating, for whatever goes wrong in the stream.
        pydantic.ValidationError: At the end, if the answer does not fit the type or is cut off;
            `response_of` the error is the response.
        ModelRefused: At the end, if the model refuses to answer.
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
        self._type = AnswerType(response_model)
        self._text = _AnswerText(stream, self._type)
        self.growing: Growing[BaseModel] = Growing(self._type.model)
        self.json_delta = ""

    @property
    def reasoning(self) -> str:
        """The reasoning so far, in ``<think>`` tags of the text too."""
        return self.stream.reasoning

    @property
    def elements(self: BaseStructuredStream[list[ElementT]]) -> Elements[ElementT]:
        """The elements of an answer that is a list, each once it is complete, and validated.

        This is iterated instead of the stream, with ``for`` or ``async for``.

        Raises:
            TypeError: The response model is not a list.
        """
        if get_origin(self.response_model) is not list:
            raise TypeError(f"only a list has elements, not {self.response_model}")
        return Elements(self)

    def over(self, stream: BaseStream[Any, Any, Any, Any]) -> BaseStructuredStream[T]:
        """Return the same of another stream."""
        return BaseStructuredStream(
            stream=stream,
            response_model=self.response_model,
            fields_from_call_args=self.fields_from_call_args,
        )

    def grow(self, chunk: Chunk) -> bool:
        """Read a chunk, and tell whether that has added to the value so far."""
        self.json_delta = text = self._text.of(chunk)
        if self._text.begins_anew:
            self.growing = Growing(self._type.model)
        with suppress(MalformedJSONError):  # which validation tells at the end
            return bool(text) and self.growing.feed(text)
        return False

    def finish(self) -> T:
        """Validate the whole answer.

        Raises:
            pydantic.ValidationError: It does not fit the type.
            ModelRefused: The model refuses to answer.
        """
        response = self.stream.partial()
        if self._is_grown:
            value = answered(self._type.unwrap(self.growing.result()), response)
        else:
            value = self._type.answer(response, self.fields_from_call_args)
        self.constructed_response_model = value
        return value

    @property
    def _is_grown(self) -> bool:
        """Whether the value so far is the whole answer; what has grown to its end is validated."""
        if not self.growing.is_valid or self.fields_from_call_args:
            return False
        return not self._text.is_doubtful

    @property
    def partial_value(self) -> T | None:
        """The value so far, as iteration yields it; ``None`` before it has begun."""
        so_far = self.growing.value
        if so_far is not None and self.fields_from_call_args:
            so_far = so_far.model_copy(update=self.fields_from_call_args)
        return None if so_far is None else self._type.unwrap(so_far)

    @override
    def _read(self, chunk: Chunk) -> Iterable[T]:
        if not self.grow(chunk) or self.growing.complete:
            return ()
        value = self.partial_value
        return () if value is None else (value,)

    @override
    def _end(self) -> Iterable[T]:
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


class Elements(_Reading[T]):
    """The elements of an answer that is a list; see `BaseStructuredStream.elements`.

    Args:
        answer: The answer.
    """

    def __init__(self, answer: BaseStructuredStream[list[T]]) -> None:
        self.stream = answer.stream
        self._answer = answer
        self._count = 0

    @override
    def _read(self, chunk: Chunk) -> Iterable[T]:
        self._answer.grow(chunk)
        try:
            elements = cast("list[T]", self._answer.growing.elements(WRAPPED))
        except ValidationError as error:
            raise refused(error, self.stream.partial())  # noqa: B904  # it is the same
        self._count += len(elements)
        return elements

    @override
    def _end(self) -> Iterable[T]:
        """Return what only the whole answer shows to be elements."""
        return self._answer.finish()[self._count :]


class _AnswerText:
    """Finds the JSON of an answer in a stream.

    Attributes:
        begins_anew: Whether what came before counts no more: a tool call has just come, so that the
            text does not, or the whole answer has been asked for again.
    """

    def __init__(self, stream: BaseStream[Any, Any, Any, Any], kind: AnswerType[Any]) -> None:
        self._stream = stream
        self._type = kind
        self._begin()

    def _begin(self) -> None:
        self._reply = self._stream.reply
        self._start = JSONStart(lists=self._type.bare)
        self._call: ToolCall | None = None
        self._position = 0
        self.begins_anew = False

    @property
    def is_doubtful(self) -> bool:
        """Whether there is the end of reasoning in the text whose beginning is not."""
        return (
            self._call is None and not self._start.thought and ends_reasoning(self._reply.content)
        )

    def of(self, chunk: Chunk) -> str:
        """Return what a chunk adds to it."""
        self.begins_anew = False
        if self._stream.reply is not self._reply:
            self._begin()
            self.begins_anew = True
        call = called_as(self._stream.reply.tool_calls, self._type.name)
        if call is None:
            return self._json_in(chunk.content)
        if call is not self._call:
            self._call, self._position, self.begins_anew = call, 0, True
        text = call.arguments_from(self._position)
        self._position += len(text)
        return text

    def _json_in(self, text: str) -> str:
        """Leave out what comes before the JSON; who reads it notices where it ends."""
        begun = self._start.found
        text = self._start.feed(text)
        if not begun and text.startswith("[") and self._type.wrapped:
            return f'{{"{WRAPPED}":{text}'
        return text
