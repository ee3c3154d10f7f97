"""What each provider's server sends for a streamed answer, shaped and sized as recorded ones are.

The name of a model chooses the answer. `coalesced-2000` is that many content chunks, all there at
once. `every-1.3-700` sends an event every 1.3 ms or so. `list-200`, `text-200` and `call-200` are a
JSON document of that many kB in pieces of four characters: a list of small objects, one long text,
and the list again as the arguments of a tool call (of chat completions only).
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

WORDS = (" the", " river", " carries", " what", " it", " is", " given", ",", " été", " and", "\n")
MODEL = "the-model-that-answers-2026-08"
PIECE = 4

Events = Iterable[bytes]
Fields = dict[str, Any]


class Wire(NamedTuple):
    """How a provider says it; each event without an HTTP chunk around it.

    A piece of text is told with a number from 0 to 1 that differs from event to event: some
    providers pad their events with random lengths, against listeners.
    """

    text: Callable[[str, float], bytes]
    begin: Events
    end: Callable[[int], Events]
    words: int = 1


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def event(data: str, name: str = "") -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode() if name else f"data: {data}\n\n".encode()


DONE = event("[DONE]")


def tokens(count: int) -> Fields:
    return {"prompt_tokens": 12, "completion_tokens": count, "total_tokens": 12 + count}


def completions(record: Fields, choice: Fields) -> Callable[..., bytes]:
    """The event of a chat completions record; `delta=None` is one without a choice."""

    def chunk(delta: Fields | None, finish: str | None = None, **fields: object) -> bytes:
        one = {"index": 0, "delta": delta, **choice, "finish_reason": finish}
        return event(compact(record | {"choices": [] if delta is None else [one]} | fields))

    return chunk


def typed(kind: str, **fields: object) -> bytes:
    """An event that tells its type twice, as Anthropic's and Cohere's do."""
    return event(compact({"type": kind, **fields}), kind)


DETAILS = {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0}
openai_chunk = completions(
    {
        "id": "chatcmpl-CeX0pWq3ZtB1mYv8RkJ2nLd5sUfGh",
        "object": "chat.completion.chunk",
        "created": 1763800000,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_560af6e559",
    },
    {"logprobs": None},
)
OPENAI = Wire(
    text=lambda text, pad: openai_chunk(
        {"content": text}, usage=None, obfuscation="x" * round(2 + 12 * pad)
    ),
    begin=[openai_chunk({"role": "assistant", "content": ""}, usage=None, obfuscation="1lyVO")],
    end=lambda count: [
        openai_chunk({}, "stop", usage=None, obfuscation="G"),
        openai_chunk(None, usage=tokens(count) | {"completion_tokens_details": DETAILS}),
        DONE,
    ],
)

CACHE = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
ANTHROPIC = Wire(
    text=lambda text, _: typed(
        "content_block_delta", index=0, delta={"type": "text_delta", "text": text}
    ),
    begin=[
        typed(
            "message_start",
            message={
                "model": MODEL,
                "id": "msg_01ERcBqAvLTHWQDk9c9qJLWC",
                "type": "message",
                "role": "assistant",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 12, **CACHE, "output_tokens": 5},
            },
        ),
        typed("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        typed("ping"),
    ],
    end=lambda count: [
        typed("content_block_stop", index=0),
        typed(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"input_tokens": 12, **CACHE, "output_tokens": count},
        ),
        typed("message_stop"),
    ],
)


ITEM = "msg_68c1fb1a0e2c81949f0f1c3b5a7d9e2b0c41"
PLACE = {"item_id": ITEM, "output_index": 0, "content_index": 0}


def response(status: str, output: list[Fields], usage: Fields | None) -> Fields:
    """The whole response, which the first two events and the last one have."""
    return {
        "id": "resp_68c1fb19d3b48194a7c6e5f4d3b2a1900c41",
        "object": "response",
        "created_at": 1760389844,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        "metadata": {},
    }


def message(status: str, content: list[Fields]) -> Fields:
    return {
        "id": ITEM,
        "type": "message",
        "status": status,
        "content": content,
        "role": "assistant",
    }


def response_text(text: str, pad: float) -> bytes:
    return typed(
        "response.output_text.delta",
        sequence_number=round(1000 * pad),
        **PLACE,
        delta=text,
        logprobs=[],
        obfuscation="x" * round(2 + 12 * pad),
    )


BEGUN = response("in_progress", [], None)
PART = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
OPENAI_RESPONSES = Wire(
    text=response_text,
    begin=[
        typed("response.created", sequence_number=0, response=BEGUN),
        typed("response.in_progress", sequence_number=1, response=BEGUN),
        typed(
            "response.output_item.added",
            sequence_number=2,
            output_index=0,
            item=message("in_progress", []),
        ),
        typed("response.content_part.added", sequence_number=3, **PLACE, part=PART),
    ],
    end=lambda count: [
        typed(
            "response.completed",
            sequence_number=count,
            response=response(
                "completed",
                [],
                {
                    "input_tokens": 12,
                    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                    "output_tokens": count,
                    "output_tokens_details": {"reasoning_tokens": 0},
                    "total_tokens": 12 + count,
                },
            ),
        ),
    ],
)


def cohere_text(text: str, _: float) -> bytes:
    return typed("content-delta", index=0, delta={"message": {"content": {"text": text}}})


COHERE_BEGUN = {
    "role": "assistant",
    "content": [],
    "tool_plan": "",
    "tool_calls": [],
    "citations": [],
}
COHERE = Wire(
    text=cohere_text,
    begin=[
        typed(
            "message-start",
            id="24bcc05b-afc9-4f88-aaf1-e8b19eb917c9",
            delta={"message": COHERE_BEGUN},
        ),
        typed(
            "content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}}
        ),
    ],
    end=lambda count: [
        typed("content-end", index=0),
        typed(
            "message-end",
            delta={
                "finish_reason": "COMPLETE",
                "usage": {
                    "billed_units": {"input_tokens": 12, "output_tokens": count},
                    "tokens": {"input_tokens": 12, "output_tokens": count},
                    "cached_tokens": 0,
                },
            },
        ),
        DONE,
    ],
)


def gemini_chunk(text: str, count: int, **candidate: object) -> bytes:
    """A whole response with the totals so far, its lines ended as Google ends them."""
    content = {"parts": [{"text": text}], "role": "model"}
    usage = {
        "promptTokenCount": 12,
        "candidatesTokenCount": count,
        "totalTokenCount": 1248 + count,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 12}],
        "thoughtsTokenCount": 1236,
    }
    response = {
        "candidates": [{"content": content, **candidate, "index": 0}],
        "usageMetadata": usage,
        "modelVersion": MODEL,
        "responseId": "jXZ5ac20I8fh_uMP2ZS6uAY",
    }
    return f"data: {json.dumps(response, ensure_ascii=False)}\r\n\r\n".encode()


GEMINI = Wire(
    text=lambda text, pad: gemini_chunk(text, round(1000 * pad)),
    begin=[],
    end=lambda count: [gemini_chunk("", count, finishReason="STOP")],
    words=20,
)

groq_chunk = completions(
    {
        "id": "chatcmpl-46dd2bf6-aa84-4885-bd26-1795d4d58798",
        "object": "chat.completion.chunk",
        "created": 1760389844,
        "model": MODEL,
        "system_fingerprint": "fp_5cf921caa2",
    },
    {"logprobs": None},
)
REQUEST = {"id": "req_01k7fpjke4e12sxmyfc435c8kv"}
GROQ = Wire(
    text=lambda text, _: groq_chunk({"content": text}),
    begin=[groq_chunk({"role": "assistant", "content": ""}, x_groq=REQUEST)],
    end=lambda count: [
        groq_chunk({}, "stop", x_groq={**REQUEST, "usage": tokens(count)}, usage=tokens(count)),
        groq_chunk(None, usage=tokens(count), service_tier="on_demand"),
        DONE,
    ],
)

mistral_chunk = completions(
    {
        "id": "6dc321029f5d4aa5899c1b38c9657a61",
        "object": "chat.completion.chunk",
        "created": 1757759492,
        "model": MODEL,
    },
    {},
)
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
MISTRAL = Wire(
    text=lambda text, pad: mistral_chunk({"content": text}, p=ALPHABET[: round(36 * pad)]),
    begin=[mistral_chunk({"role": "assistant", "content": ""})],
    end=lambda count: [
        mistral_chunk({"content": ""}, "stop", usage=tokens(count), p="abcd"),
        DONE,
    ],
)

WIRES = {
    "openai": OPENAI,
    "openai_responses": OPENAI_RESPONSES,
    "anthropic": ANTHROPIC,
    "cohere": COHERE,
    "gemini": GEMINI,
    "groq": GROQ,
    "mistral": MISTRAL,
}


class Answer(NamedTuple):
    """What a model's name asks for: its kind, how much, and the seconds between two events."""

    kind: str
    size: int
    rest: float


def answer(model: str) -> Answer:
    kind, *rest, size = model.split("-")
    return Answer(kind, int(size), float(rest[0]) / 1000 if rest else 0)


def shortest(model: str) -> str:
    """The shortest answer that is read in the same way."""
    kind = answer(model).kind
    return "coalesced-1" if kind == "every" else f"{kind}-1"


@cache
def pieces(provider: str, model: str) -> tuple[str, ...]:
    """The content of each content chunk; joined, the whole answer."""
    kind, size, _ = answer(model)
    if kind in {"coalesced", "every"}:
        words = WIRES[provider].words
        return tuple(text(at * words, words) for at in range(size))
    whole = document(kind, 1000 * size)
    return tuple(whole[at : at + PIECE] for at in range(0, len(whole), PIECE))


def text(start: int, count: int) -> str:
    return "".join(WORDS[at % len(WORDS)] for at in range(start, start + count))


MARKDOWN = """\
## Heading {}

Some *text* with **bold** words and `code` in it, and a [link](https://example.com/a) to click on.
It continues on a second line, which a terminal wraps as its width wants it.

- first item with some words
- second item with **bold**
  - nested one

| a | b | c |
|---|---|---|
| 1 | two words | 3.5 |
| 2 | more words | 4.5 |

```python
def f(x: int) -> int:
    '''Docstring.'''
    return x + 1  # comment
```

> quote of a line

"""


def document(kind: str, size: int) -> str:
    """JSON of that many characters, or Markdown, or a few more."""
    if kind == "markdown":
        return "".join(map(MARKDOWN.format, range(size // len(MARKDOWN) + 1)))
    if kind == "text":
        return compact({"title": "The river", "text": text(0, size // 5)})
    books: list[Fields] = []
    while size > 0:
        book = {"title": f"The{WORDS[len(books) % 6]}", "author": "Ann Onym", "pages": len(books)}
        books.append(book)
        size -= len(compact(book)) + len(",")
    return compact({"books": books})


def events(provider: str, model: str) -> Iterator[bytes]:
    """The events of a whole answer, the same for every run."""
    told = pieces(provider, model)
    if model.startswith("call-"):
        yield from tool_call(told)
        return
    wire = WIRES[provider]
    padding = random.Random(len(told))  # noqa: S311 - it hides nothing here, it only has a realistic length
    yield from wire.begin
    for piece in told:
        yield wire.text(piece, padding.random())
    yield from wire.end(len(told))


def tool_call(told: tuple[str, ...]) -> Iterator[bytes]:
    opening = {"id": "call_7Qd0", "type": "function", "function": {"name": "Shelf"}}
    called = {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **opening}]}
    yield openai_chunk(called, usage=None)
    for piece in told:
        delta = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        yield openai_chunk(delta, usage=None)
    yield openai_chunk({}, "tool_calls", usage=None)
    yield from list(OPENAI.end(len(told)))[1:]
