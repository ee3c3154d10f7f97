"""One chunk of a stream of an OpenAI model."""

from __future__ import annotations

from typing import Final, get_args

from openai.types.responses import ResponseErrorEvent, ResponseStreamEvent, ResponseUsage
from pydantic import BaseModel

from mirascope.core._dialects.responses.chunk import ResponsesChunk

_EVENTS: Final[dict[str, type[BaseModel]]] = {
    get_args(event.model_fields["type"].annotation)[0]: event
    for event in get_args(get_args(ResponseStreamEvent)[0])
}


class OpenAIResponsesCallResponseChunk(ResponsesChunk[ResponseStreamEvent]):
    """The content of one event of a Responses stream; ``chunk`` is the ``ResponseStreamEvent``.

    Example:
        >>> from openai.types.responses import ResponseTextDeltaEvent
        >>> raw = ResponseTextDeltaEvent.model_validate({
        ...     "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0,
        ...     "content_index": 0, "delta": "Hi", "logprobs": [], "sequence_number": 4,
        ... })
        >>> OpenAIResponsesCallResponseChunk(chunk=raw).content
        'Hi'
    """

    __slots__ = ()

    _raw_types = _EVENTS
    _raw_type = ResponseErrorEvent

    @property
    def usage(self) -> ResponseUsage | None:
        """The usage as OpenAI reports it, if the event has it."""
        return None if self._usage is None else ResponseUsage.model_construct(None, **self._usage)
