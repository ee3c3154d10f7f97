"""The command line: one question, one answer as it comes.

The answer alone goes to stdout; whatever there is to say about it goes to stderr, one line each,
and never holds a key. Exit codes: 0 for an answer, 1 for a failure, 2 for wrong usage, and as
shells do 130 after Ctrl-C and 141 if nobody reads the output any more. What was printed stays.

Nothing but click is imported before there is a question, so that ``--help`` is there at once.
"""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TypedDict, cast

import click

from mirascope._version import __version__
from mirascope.errors import MirascopeError, StreamConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO, Unpack

    from mirascope.core import BaseMessageParam


# What an answer may not do to a terminal: move its cursor, change its colours, ring its bell.
_SAFE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]) | {ord(char): char for char in "\n\t"}


@dataclass(frozen=True, kw_only=True)
class _Provider:
    """Somebody who answers.

    Attributes:
        module: Where its ``call`` is.
        model: The model that answers if none is named.
        keys: The environment variables that may hold its key; none if a key is not needed.
        begin: How the names of its models begin, so that they may be given without the provider.
        limit: What it calls the most tokens to answer with.
        client: Makes the client for a model, where it is not the SDK's own default one.
    """

    module: str
    model: str
    keys: tuple[str, ...] = ()
    begin: tuple[str, ...] = ()
    limit: str = "max_tokens"
    client: Callable[[str], object] | None = None

    @property
    def key(self) -> str:
        """The key in the environment, or nothing."""
        return next((key for name in self.keys if (key := os.environ.get(name))), "")


def _local_client(model: str) -> object:
    from mirascope import local  # noqa: PLC0415  # only where it is asked for

    return local.client(model)


_PROVIDERS = {
    "openai": _Provider(
        module="mirascope.core.openai",
        model="gpt-4o-mini",
        keys=("OPENAI_API_KEY",),
        begin=("gpt-", "chatgpt-", "o1", "o3", "o4"),
        limit="max_completion_tokens",
    ),
    "anthropic": _Provider(
        module="mirascope.core.anthropic",
        model="claude-haiku-4-5",
        keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        begin=("claude-",),
    ),
    "gemini": _Provider(
        module="mirascope.core.gemini",
        model="gemini-2.5-flash",
        keys=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        begin=("gemini-",),
    ),
    "cohere": _Provider(
        module="mirascope.core.cohere",
        model="command-a-03-2025",
        keys=("CO_API_KEY",),
        begin=("command-",),
    ),
    "groq": _Provider(
        module="mirascope.core.groq", model="llama-3.3-70b-versatile", keys=("GROQ_API_KEY",)
    ),
    "mistral": _Provider(
        module="mirascope.core.mistral",
        model="mistral-small-latest",
        keys=("MISTRAL_API_KEY",),
        begin=("mistral-", "ministral-", "codestral-", "magistral-"),
    ),
    "local": _Provider(
        module="mirascope.core.openai", model="SmolLM2-135M-Instruct", client=_local_client
    ),
}


class _Options(TypedDict):
    system: str | None
    max_tokens: int | None
    temperature: float | None


class _Chunk(Protocol):
    @property
    def content(self) -> str: ...


class _Stream(Protocol):
    """What we use of any provider's stream."""

    model: str
    end_time: float
    start_time: float
    time_to_first_chunk: float | None

    @property
    def finish_reasons(self) -> Sequence[str] | None: ...
    @property
    def input_tokens(self) -> int | None: ...
    @property
    def output_tokens(self) -> int | None: ...
    def __iter__(self) -> Iterator[tuple[_Chunk, object]]: ...
    def close(self) -> None: ...


class _Call(Protocol):
    """What we use of any provider's ``call``."""

    def __call__(
        self, model: str, *, stream: bool, client: object, call_params: dict[str, object]
    ) -> Callable[[Callable[[], list[BaseMessageParam]]], Callable[[], _Stream]]: ...


# Click keeps the line breaks of a paragraph that begins with a backspace.
_EXAMPLES = """\b
Examples:
  mirascope "Recommend a fantasy book"
  git diff | mirascope "Write a commit message"
"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLES)
@click.argument("prompt", required=False)
@click.option(
    "-m",
    "--model",
    metavar="PROVIDER:MODEL",
    help=f"Who answers: {', '.join(_PROVIDERS)}; local:FILE.gguf takes a model of your own."
    " By default the first provider whose key is in the environment, else local.",
)
@click.option("--system", metavar="TEXT", help="What the model should know or be beforehand.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The longest answer to give.")
@click.option("--temperature", type=click.FloatRange(min=0), help="How daring the answer may be.")
@click.option("--stats", is_flag=True, help="Tell times and tokens afterwards, on stderr.")
@click.version_option(__version__, prog_name="mirascope")
def command(
    prompt: str | None, model: str | None, *, stats: bool, **options: Unpack[_Options]
) -> None:
    """Ask a model, and read its answer as it comes.

    What is piped in follows the PROMPT, or is the prompt if there is none.
    """
    sys.exit(_run(prompt, model, options, stats=stats))


def _run(prompt: str | None, named: str | None, options: _Options, *, stats: bool) -> int:
    stream: _Stream | None = None
    code = 1
    try:
        asked = _call_arguments(prompt)
        stream = _open(*_chosen(named), asked, options)
        _print(stream)
        code = 0
    except BrokenPipeError:
        # Python would write the rest at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        _say("stopped; the answer is not complete")
        code = 130
    except MirascopeError as error:
        _say(_reason(error))
    if stream and stream.time_to_first_chunk is not None:
        if not code and not options["max_tokens"] and stream.finish_reasons == ["length"]:
            _say("the answer ends here because the model may not say more")
        if stats:
            _say(_stats(stream, stream.time_to_first_chunk))
    return code


def _call_arguments(prompt: str | None) -> str:
    asked = "\n\n".join(part for part in (prompt, _piped()) if part)
    if not asked.strip():
        raise click.UsageError("there is nothing to ask: give a prompt or pipe one in")
    return _text(asked)


def _text(argument: str) -> str:
    """An argument without the bytes that are no text, which cannot be sent."""
    return argument.encode(errors="replace").decode()


def _piped() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    _tolerate(sys.stdin)
    return sys.stdin.read()


def _chosen(named: str | None) -> tuple[_Provider, str]:
    """Who answers, and with which model."""
    if named is None:
        return _default()
    name, _, model = named.partition(":")
    if provider := _PROVIDERS.get(name):
        return provider, model or provider.model
    known = ", ".join(_PROVIDERS)
    if model:
        raise MirascopeError(f"there is no provider {name!r}; there are: {known}")
    for provider in _PROVIDERS.values():
        if name.startswith(provider.begin):
            return provider, name
    raise MirascopeError(f"whose model is {name!r}? Name it PROVIDER:MODEL; there are: {known}")


def _default() -> tuple[_Provider, str]:
    for provider in _PROVIDERS.values():
        if provider.key:
            return provider, provider.model
    local = _PROVIDERS["local"]
    first = _PROVIDERS["openai"].keys[0]
    _say(
        f"there is no key in {first} or any other provider's variable, so {local.model} answers,"
        " on this machine; it is small and often wrong"
    )
    return local, local.model


def _open(provider: _Provider, model: str, asked: str, options: _Options) -> _Stream:
    from mirascope.core import Messages  # noqa: PLC0415  # not before it is needed
    from mirascope.core._errors.redaction import can_be_sent  # noqa: PLC0415  # likewise

    if not can_be_sent(provider.key):
        raise MirascopeError(
            f"{' or '.join(provider.keys)} holds a line break or a letter that no key has"
        )
    call = cast("_Call", import_module(provider.module).call)
    limits = {provider.limit: options["max_tokens"], "temperature": options["temperature"]}
    params: dict[str, object] = {k: v for k, v in limits.items() if v is not None}
    client = provider.client(model) if provider.client else None

    @call(model, stream=True, client=client, call_params=params)
    def answer() -> list[BaseMessageParam]:
        system = options["system"]
        return [*([Messages.System(_text(system))] if system else []), Messages.User(asked)]

    return answer()


def _print(stream: _Stream) -> None:
    """Print an answer as it comes, and end its last line whatever happens."""
    out = sys.stdout
    _tolerate(out)
    shown = _SAFE if out.isatty() else {}
    last = "\n"
    try:
        for chunk, _ in stream:
            if text := chunk.content.translate(shown):
                last = text
                out.write(text)
                out.flush()
    finally:
        stream.close()
        if not last.endswith("\n"):
            out.write("\n")
            out.flush()


def _tolerate(file: TextIO) -> None:
    """Replace what the file's encoding cannot say; half an emoji is no reason to stop."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")


def _stats(stream: _Stream, first: float) -> str:
    told = [stream.model, f"first token after {first:.2f} s"]
    more = (stream.output_tokens or 1) - 1
    seconds = (stream.end_time - stream.start_time) / 1000 - first
    if more and seconds > 0:
        told.append(f"then {more / seconds:.1f} tokens/s")
    for count, way in (stream.input_tokens, "in"), (stream.output_tokens, "out"):
        told.append(f"{'unknown' if count is None else count} tokens {way}")
    told.append(f"finish reason: {', '.join(stream.finish_reasons or ['none'])}")
    return ", ".join(told)


def _reason(error: MirascopeError) -> str:
    """What went wrong, in one line that holds no key."""
    from mirascope.core._errors.redaction import SHORTEST_KEY, redacted  # noqa: PLC0415  # likewise

    root: BaseException = error
    while cause := root.__cause__ or root.__context__:
        root = cause
    text = str(error)
    if isinstance(error, StreamConnectionError) and str(root) not in text:
        text = f"{text.rstrip('.')}: {root}"
    keys = [provider.key for provider in _PROVIDERS.values()]
    return " ".join(redacted(text, [key for key in keys if len(key) >= SHORTEST_KEY]).split())


def _say(text: str) -> None:
    click.echo(f"mirascope: {text}", err=True)
