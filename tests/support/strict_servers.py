"""Servers that reject what their providers reject, and the responses of a tool loop.

A `Strict` answers the first requests of a conversation with a tool call each, and then with a text.
With each call come things that its provider insists on getting back. It answers 400 if something
that it gave is missing or altered, if calls and results do not belong together, if an id or a field
is none that the provider takes, or if a message is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from mirascope.testing.loopback import Request, Response
from support.cases import Case
from support.providers import anthropic as case_anthropic
from support.providers import cohere as case_cohere
from support.providers import gemini as case_gemini
from support.providers import mistral as case_mistral
from support.providers import ollama_native as case_ollama
from support.providers import openai as case_openai
from support.providers.anthropic import ANTHROPIC
from support.providers.cohere import COHERE
from support.providers.gemini import GEMINI
from support.providers.groq import GROQ
from support.providers.mistral import MISTRAL
from support.providers.ollama_native import OLLAMA_NATIVE
from support.providers.openai import OPENAI

Message = dict[str, Any]

CALLS = 2
"""How many of a conversation's responses call the tool ``add``, one after the other."""


class RefusedError(Exception):
    """What the provider would refuse."""


def require(condition: object, problem: str) -> None:
    if not condition:
        raise RefusedError(problem)


@dataclass(eq=False)
class Strict:
    """A server.

    Attributes:
        name: What it is like.
        case: The provider.
        calling: Returns its message that calls the tool, for the how-manieth answer.
        plain: Returns the JSON of a plain response with a message.
        events: Returns the events of a stream with it.
        sent: Returns the messages in a request's JSON.
        check: Checks the messages of a request by themselves.
        known: Returns the ids or other marks by which a message is known again.
        given: What it has answered.
    """

    name: str
    case: Case
    calling: Callable[[int], Message]
    text: Callable[[str], Message]
    plain: Callable[[Message], Any]
    events: Callable[[Message], list[bytes]]
    check: Callable[[list[Message]], None]
    marks: Callable[[Message], Any]
    sent: str = "messages"
    given: list[Message] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        messages = request.json[self.sent]
        try:
            self.check(messages)
            for message in filter(is_answer, messages):
                self._check_given(message)
        except RefusedError as error:
            return self.case.refusal(400, f"{error} in {json.dumps(messages)}")
        answers = sum(map(is_answer, messages))
        answer = self.calling(answers) if answers < CALLS else self.text("3")
        self.given.append(json.loads(json.dumps(answer)))
        if request.json.get("stream") or "stream" in request.path:
            return Response(self.events(answer))
        return Response.of_json(self.plain(answer))

    def _check_given(self, message: Message) -> None:
        for given in self.given:
            if self.marks(given) and self.marks(given) == self.marks(message):
                came, gave = comparable(message), comparable(given)
                require(came == gave, f"altered: {came} is not {gave}")


def is_answer(message: Message) -> bool:
    return message["role"] in {"assistant", "model"}


def comparable(value: Any) -> Any:
    """Return a message to compare: without nulls and defaults, generated ids, and white space."""
    if isinstance(value, dict):
        fields = {name: comparable(said) for name, said in value.items()}
        absent = (None, [], {}, "", False)
        return {n: v for n, v in fields.items() if v not in absent and n not in {"id", "index"}}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if isinstance(value, str):
        try:
            return json.dumps(json.loads(value))
        except ValueError:
            return value
    return value


# What the dialect of Chat Completions refuses.


def check_chat(
    *fields: str,
    ids: str = r".+",
    ends_with_tools: bool = True,
    read: Callable[[Any], Any] = json.loads,
) -> Callable[[list[Message]], None]:
    """Return the check of servers that take some further fields in messages of the assistant."""
    allowed = {"role", "content", "tool_calls", *fields}

    def check(messages: list[Message]) -> None:
        waiting: set[str] = set()
        for before, message in pairwise([{"role": "system"}, *messages]):
            if message["role"] == "tool":
                require(message["tool_call_id"] in waiting, "a result without its call")
                waiting.remove(message["tool_call_id"])
                continue
            require(not waiting, "a call without its result")
            unfit = message["role"] == "user" and before["role"] == "tool"
            require(ends_with_tools or not unfit, "unexpected role 'user' after role 'tool'")
            if message["role"] == "assistant":
                require(allowed.issuperset(message), f"unknown fields: {set(message) - allowed}")
                calls = message.get("tool_calls")
                content = message.get("content")
                empty = content is None if ends_with_tools else not content
                require(calls or not empty, "an empty message")
                waiting.update(map(checked_id, calls or ()))

    def checked_id(call: Message) -> str:
        id_ = call.get("id")
        require(id_ and isinstance(id_, str) and re.fullmatch(ids, id_), f"not an id: {id_!r}")
        require(isinstance(read(call["function"]["arguments"]), dict), "not arguments")
        return str(id_)

    return check


def add_call(id_: str | None, answer: int, **fields: object) -> Message:
    arguments = json.dumps({"a": answer, "b": 1})
    function = {"name": "add", "arguments": arguments}
    return {"id": id_, "type": "function", "function": function, **fields}


def arguments(message: Message) -> list[str]:
    return [call["function"]["arguments"] for call in message.get("tool_calls") or ()]


def call_ids(message: Message) -> list[str]:
    return [call["id"] for call in message.get("tool_calls") or ()]


def chat_deltas(message: Message) -> Iterator[Message]:
    """Yield a message in deltas, one for each field, and calls in two fragments."""
    for name, said in message.items():
        if name != "tool_calls":
            yield {name: said}
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        head = {**call, "index": index, "function": {**function, "arguments": ""}}
        yield {"tool_calls": [head]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": function["arguments"]}}]}


def reason(message: Message) -> str:
    return "tool_calls" if message.get("tool_calls") else "stop"


def openai_events(message: Message) -> list[bytes]:
    deltas = [case_openai.completion_chunk(delta) for delta in chat_deltas(message)]
    end = OPENAI.end(3, 2)
    return [*deltas, end[0].replace(b'"stop"', f'"{reason(message)}"'.encode()), *end[1:]]


def said(text: str) -> Message:
    return {"role": "assistant", "content": text}


def like_openai(
    name: str,
    calling: Callable[[int], Message],
    *fields: str,
    case: Case = OPENAI,
) -> Strict:
    return Strict(
        name=name,
        case=case,
        calling=lambda answer: {"role": "assistant", **calling(answer)},
        text=said,
        plain=lambda message: case_openai.completion(message, reason(message)),
        events=openai_events,
        check=check_chat("refusal", *fields),
        marks=call_ids,
    )


def deepseek(answer: int) -> Message:
    calls = [add_call(f"call_d{answer}", answer)]
    return {"content": "", "reasoning_content": f"Add {answer}", "tool_calls": calls}


def openrouter(answer: int) -> Message:
    details = [
        {"type": "reasoning.text", "text": "Add", "signature": f"s{answer}", "index": 0},
        {"type": "reasoning.encrypted", "data": f"e{answer}", "id": "r", "index": 1},
    ]
    calls = [add_call(f"call_r{answer}", answer)]
    return {"content": "I add.", "reasoning_details": details, "tool_calls": calls}


def gemini_as_openai(answer: int) -> Message:
    signature = {"google": {"thought_signature": f"c2ln{answer}"}}
    return {
        "content": None,
        "tool_calls": [add_call(f"g{answer}", answer, extra_content=signature)],
    }


def groq(answer: int) -> Message:
    return {"reasoning": f"Add {answer}", "tool_calls": [add_call(f"call_q{answer}", answer)]}


# Mistral and Cohere.


def mistral(answer: int) -> Message:
    thinking = case_mistral.thinking(f"Add {answer}", signature=f"s{answer}", closed=True)
    content = [thinking, {"type": "text", "text": "I add."}]
    call = add_call(f"abcDEF00{answer}", answer, index=0)
    return {"role": "assistant", "content": content, "tool_calls": [call]}


def mistral_without_ids(answer: int) -> Message:
    return {"role": "assistant", "content": "", "tool_calls": [add_call("null", answer, index=0)]}


def mistral_events(message: Message) -> list[bytes]:
    delta = {name: said for name, said in message.items() if name != "role"}
    first, last, done = *MISTRAL.begin, *MISTRAL.end(3, 2)
    said = case_mistral.completion_chunk(delta)
    return [first, said, last.replace(b'"stop"', f'"{reason(message)}"'.encode()), done]


def like_mistral(name: str, calling: Callable[[int], Message], marks: Any) -> Strict:
    return Strict(
        name=name,
        case=MISTRAL,
        calling=calling,
        text=said,
        plain=lambda message: case_openai.completion(message, reason(message)),
        events=mistral_events,
        check=check_chat("prefix", ids=r"[a-zA-Z0-9]{9}", ends_with_tools=False),
        marks=marks,
    )


def cohere(answer: int) -> Message:
    thinking = {"type": "thinking", "thinking": f"Add {answer}"}
    calls = [add_call(f"add_{answer}", answer)]
    return {"role": "assistant", "content": [thinking], "tool_plan": "I add.", "tool_calls": calls}


def cohere_text(text: str) -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def cohere_events(message: Message) -> list[bytes]:
    events = [case_cohere.START]
    for index, block in enumerate(message["content"]):
        events.append(case_cohere.content(index, **block))
    if plan := message.get("tool_plan"):
        events.append(case_cohere.said("tool-plan-delta", {"tool_plan": plan}))
    for index, call in enumerate(message.get("tool_calls", ())):
        events.append(case_cohere.said("tool-call-start", {"tool_calls": call}, index))
        events.append(case_cohere.said("tool-call-end", index=index))
    why = "TOOL_CALL" if message.get("tool_calls") else "COMPLETE"
    return [*events, case_cohere.ended(why, usage=case_cohere.usage(3, 2)), case_cohere.DONE]


# Anthropic.


def anthropic(answer: int) -> Message:
    search = {"type": "server_tool_use", "id": f"srvtoolu_{answer}", "name": "web_search"}
    found = {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "e"}
    cited = {"type": "web_search_result_location", "cited_text": "c", "url": "u"}
    result = {"type": "web_search_tool_result", "tool_use_id": search["id"], "content": [found]}
    content = [
        {"type": "thinking", "thinking": f"Add {answer}", "signature": f"s{answer}"},
        {"type": "redacted_thinking", "data": f"r{answer}"},
        {**search, "input": {"query": "sum"}},
        result,
        {"type": "text", "text": "I add.", "citations": [cited]},
        {
            "type": "tool_use",
            "id": f"toolu_{answer}",
            "name": "add",
            "input": {"a": answer, "b": 1},
        },
    ]
    return {"role": "assistant", "content": content}


def anthropic_without_ids(answer: int) -> Message:
    message = anthropic(answer)
    del message["content"][-1]["id"]
    return message


def anthropic_text(text: str) -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def anthropic_reason(message: Message) -> str:
    return "tool_use" if blocks_of(message, "tool_use") else "end_turn"


def anthropic_events(message: Message) -> list[bytes]:
    events = [case_anthropic.message_start()]
    for index, block in enumerate(message["content"]):
        events += [*block_events(index, block), case_anthropic.block_stop(index)]
    reason = anthropic_reason(message)
    return [*events, case_anthropic.message_delta(reason), case_anthropic.STOP]


def block_events(index: int, block: Message) -> Iterator[bytes]:
    delta = case_anthropic.block_delta
    match block:
        case {"type": "thinking", "thinking": text, "signature": signature}:
            yield case_anthropic.block_start(index, type="thinking", thinking="", signature="")
            yield delta(index, "thinking_delta", thinking=text)
            yield delta(index, "signature_delta", signature=signature)
        case {"type": "text", "text": text, **rest}:
            yield case_anthropic.block_start(index, type="text", text="")
            yield delta(index, "text_delta", text=text)
            for citation in rest.get("citations", ()):
                yield delta(index, "citations_delta", citation=citation)
        case {"input": given}:
            yield case_anthropic.block_start(index, **{**block, "input": {}})
            yield delta(index, "input_json_delta", partial_json=json.dumps(given))
        case _:
            yield case_anthropic.block_start(index, **block)


def blocks_of(message: Message, kind: str) -> list[Message]:
    content = message["content"]
    return [] if isinstance(content, str) else [each for each in content if each["type"] == kind]


def check_anthropic(messages: list[Message]) -> None:
    require(messages[-1]["role"] == "user", "the last message is not the user's")
    for message, following in pairwise([*messages, {"role": "user", "content": ""}]):
        require(message["content"], "messages must have non-empty content")
        for block in blocks_of(message, "text"):
            require(block["text"].strip(), "text must contain non-whitespace text")
        calls = [call["id"] for call in blocks_of(message, "tool_use")]
        require(all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", each) for each in calls), "not an id")
        results = [each["tool_use_id"] for each in blocks_of(following, "tool_result")]
        require(calls == results, f"results {results} of calls {calls}")
        if is_answer(message) and not isinstance(message["content"], str):
            require("thinking" not in message["content"][-1]["type"], "thinking at the end")


def tool_use_ids(message: Message) -> list[str]:
    return [block["id"] for block in blocks_of(message, "tool_use")]


def inputs(message: Message) -> list[Any]:
    return [block["input"] for block in blocks_of(message, "tool_use")]


def like_anthropic(name: str, calling: Callable[[int], Message], marks: Any) -> Strict:
    return Strict(
        name=name,
        case=ANTHROPIC,
        calling=calling,
        text=anthropic_text,
        plain=lambda message: case_anthropic.message(message["content"], anthropic_reason(message)),
        events=anthropic_events,
        check=check_anthropic,
        marks=marks,
    )


# Gemini.


def gemini(answer: int) -> Message:
    call = {"name": "add", "args": {"a": answer, "b": 1}}
    parts = [
        {"text": "Add", "thought": True},
        {"functionCall": call, "thoughtSignature": f"c2lnbmVk{answer}AAA"},
    ]
    return {"role": "model", "parts": parts}


def gemini_with_ids(answer: int) -> Message:
    message = gemini(answer)
    message["parts"][1]["functionCall"]["id"] = f"fc-{answer}"
    return message


def gemini_text(text: str) -> Message:
    return {"role": "model", "parts": [{"text": text}]}


def gemini_events(message: Message) -> list[bytes]:
    return [*(case_gemini.parts(part) for part in message["parts"]), *GEMINI.end(3, 2)]


def parts_of(content: Message, kind: str) -> list[Message]:
    return [part[kind] for part in content["parts"] if kind in part]


def check_gemini(contents: list[Message]) -> None:
    for content, following in pairwise([*contents, {"role": "user", "parts": []}]):
        require(content.get("parts"), "it must include at least one parts field")
        require(all(part.get("text") != "" or len(part) > 1 for part in content["parts"]), "empty")
        calls, results = parts_of(content, "functionCall"), parts_of(following, "functionResponse")
        of_calls = [(each["name"], each.get("id")) for each in calls]
        of_results = [(each["name"], each.get("id")) for each in results]
        require(of_calls == of_results, f"results {of_results} of calls {of_calls}")
        for part in content["parts"]:
            signed = "functionCall" not in part or part.get("thoughtSignature")
            require(signed, "Function call is missing a thought_signature")


def given_args(content: Message) -> list[Any]:
    return [call["args"] for call in parts_of(content, "functionCall")]


def like_gemini(name: str, calling: Callable[[int], Message]) -> Strict:
    return Strict(
        name=name,
        case=GEMINI,
        calling=calling,
        text=gemini_text,
        plain=lambda message: case_gemini.response_of(*message["parts"]),
        events=gemini_events,
        check=check_gemini,
        marks=given_args,
        sent="contents",
    )


def ollama(answer: int) -> Message:
    function = {"name": "add", "arguments": {"a": answer, "b": 1}}
    calls = [{"id": f"call_l{answer}", "function": function}]
    return {"role": "assistant", "content": "", "thinking": "Add", "tool_calls": calls}


def ollama_events(message: Message) -> list[bytes]:
    pieces = ({name: value} for name, value in message.items() if name != "role")
    records = [case_ollama.line(case_ollama.chat(**piece)) for piece in pieces]
    return [*records, *OLLAMA_NATIVE.end(3, 2)]


def servers() -> Iterable[Strict]:
    """Make a server of each kind."""
    yield like_anthropic("anthropic", anthropic, tool_use_ids)
    yield like_anthropic("anthropic-without-ids", anthropic_without_ids, inputs)
    yield Strict(
        name="cohere",
        case=COHERE,
        calling=cohere,
        text=cohere_text,
        plain=lambda message: case_cohere.response_of(
            message, "TOOL_CALL" if message.get("tool_calls") else "COMPLETE"
        ),
        events=cohere_events,
        check=check_chat("tool_plan", "citations"),
        marks=call_ids,
    )
    yield like_gemini("gemini", gemini)
    yield like_gemini("gemini-with-ids", gemini_with_ids)
    yield like_openai("groq", groq, "reasoning", case=GROQ)
    yield like_mistral("mistral", mistral, call_ids)
    yield like_mistral("mistral-without-ids", mistral_without_ids, arguments)
    yield Strict(
        name="ollama-native",
        case=OLLAMA_NATIVE,
        calling=ollama,
        text=said,
        plain=lambda message: case_ollama.ended(case_ollama.chat(**message), 3, 2),
        events=ollama_events,
        check=check_chat("thinking", read=lambda given: given),
        marks=call_ids,
    )
    yield like_openai(
        "openai", lambda n: {"content": None, "tool_calls": [add_call(f"call_o{n}", n)]}
    )
    without_id = like_openai("openai-without-ids", lambda n: {"tool_calls": [add_call(None, n)]})
    yield replace(without_id, marks=arguments)
    yield like_openai("deepseek", deepseek, "reasoning_content")
    yield like_openai("openrouter", openrouter, "reasoning_details")
    yield like_openai("gemini-as-openai", gemini_as_openai)


BY_NAME = [server.name for server in servers()]


def without_ids(server: Strict) -> Strict:
    """Make a server that gives its calls no ids."""
    calling = server.calling
    return replace(server, calling=lambda answer: _without_ids(calling(answer)))


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {n: None if n == "id" else _without_ids(v) for n, v in value.items()}
    return [_without_ids(each) for each in value] if isinstance(value, list) else value


def strict(name: str) -> Strict:
    """Make a server that is like one of those by name."""
    return next(server for server in servers() if server.name == name)
