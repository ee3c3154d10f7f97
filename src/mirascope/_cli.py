"""The command line: one prompt, one response, printed while it is received.

Only the response goes to stdout; everything else goes to stderr, one line each, and never holds an
API key. Exit codes: 0 for a response, 1 for a failure, 2 for wrong usage, and as in shells 130
after Ctrl-C and 141 if the output is no longer read. Text that was printed stays.

Nothing but click is imported before there is a prompt, so that ``--help`` is fast.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Final, Protocol, TypedDict, cast

import click

from mirascope._version import __version__
from mirascope.core._calls.registry import BUILT_IN, Registration, find, names
from mirascope.errors import MirascopeError, StreamConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO, Unpack

    from mirascope.core import BaseMessageParam


# A response must not move a terminal's cursor, change its colours or ring its bell.
_SAFE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]) | {ord(char): char for char in "\n\t"}

_LOCAL: Final = "local"
"""The name under which a model runs in this process; it is reached by OpenAI's client."""
_LOCAL_MODEL: Final = "SmolLM2-135M-Instruct"


class _Options(TypedDict):
    system: str | None
    max_tokens: int | None
    temperature: float | None


class _Chunk(Protocol):
    @property
    def content(self) -> str: ...


class _Stream(Protocol):
    """The part of any provider's stream that is used here."""

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
    """The part of any provider's ``call`` that is used here."""

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
    help=f"The model: of {', '.join(BUILT_IN)}, local or a provider that a package adds;"
    " local:FILE.gguf is a model file of your own. By default the first provider whose key is in"
    " the environment, else local.",
)
@click.option("--system", metavar="TEXT", help="Instructions for the model.")
@click.option(
    "--max-tokens", type=click.IntRange(min=1), help="The maximum length of the response."
)
@click.option("--temperature", type=click.FloatRange(min=0), help="The sampling temperature.")
@click.option("--stats", is_flag=True, help="Print times and tokens at the end, on stderr.")
@click.version_option(__version__, prog_name="mirascope")
def command(
    prompt: str | None, model: str | None, *, stats: bool, **options: Unpack[_Options]
) -> None:
    """Prompt a model, and print its response while it is received.

    Piped input follows the PROMPT, or is the prompt if there is none.
    """
    sys.exit(_run(prompt, model, options, stats=stats))


def _run(prompt: str | None, model: str | None, options: _Options, *, stats: bool) -> int:
    stream: _Stream | None = None
    code = 1
    try:
        text = _prompt(prompt)
        stream = _open(*_provider_and_model(model), text, options)
        _print(stream)
        code = 0
    except BrokenPipeError:
        # At exit, Python would flush the rest, and report the broken pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        _report("stopped; the response is not complete")
        code = 130
    except MirascopeError as error:
        _report(_reason(error))
    if stream and stream.time_to_first_chunk is not None:
        if not code and not options["max_tokens"] and stream.finish_reasons == ["length"]:
            _report("the response ends here because it reached the model's maximum length")
        if stats:
            _report(_stats(stream, stream.time_to_first_chunk))
    return code


def _prompt(argument: str | None) -> str:
    prompt = "\n\n".join(part for part in (argument, _piped()) if part)
    if not prompt.strip():
        raise click.UsageError("there is no prompt: pass one as an argument or pipe one in")
    return _text(prompt)


def _text(argument: str) -> str:
    """Return an argument without the bytes that are not text, which cannot be sent."""
    return argument.encode(errors="replace").decode()


def _piped() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    _replace_errors(sys.stdin)
    return sys.stdin.read()


def _provider_and_model(named: str | None) -> tuple[str, str]:
    """Return the names of the provider and the model to use."""
    if named is None:
        return _default()
    name, _, model = named.partition(":")
    if name == _LOCAL:
        return name, model or _LOCAL_MODEL
    registration = find(name)
    if registration is not None:
        if not (model := model or registration.default_model):
            raise MirascopeError(
                f"a model has to be named with the provider {name!r}: {name}:MODEL"
            )
        return name, model
    known = ", ".join([*names(), _LOCAL])
    if model:
        raise MirascopeError(f"there is no provider {name!r}; there are: {known}")
    for provider, registration in BUILT_IN.items():
        if name.startswith(registration.model_prefixes):
            return provider, name
    raise MirascopeError(
        f"the provider of the model {name!r} is unknown: name it PROVIDER:MODEL; there are: {known}"
    )


def _default() -> tuple[str, str]:
    for name, registration in BUILT_IN.items():
        if registration.api_key:
            return name, registration.default_model
    first = next(iter(BUILT_IN.values())).api_keys[0]
    _report(
        f"there is no key in {first} or any other provider's variable, so {_LOCAL_MODEL} responds,"
        " on this machine; it is small and often wrong"
    )
    return _LOCAL, _LOCAL_MODEL


def _open(provider: str, model: str, prompt: str, options: _Options) -> _Stream:
    import logging  # noqa: PLC0415  # imported when there is a prompt

    from mirascope.core import Messages  # noqa: PLC0415  # the same
    from mirascope.core._errors.redaction import can_be_sent  # noqa: PLC0415  # the same
    from mirascope.llm._providers import call_factory  # noqa: PLC0415  # the same

    logging.getLogger("mirascope").addHandler(logging.NullHandler())  # it reports by itself
    client: object = None
    registration = find(provider) or Registration("")
    if not can_be_sent(registration.api_key):
        raise MirascopeError(
            f"{' or '.join(registration.api_keys)} holds a line break or a letter that no key has"
        )
    if provider == _LOCAL:
        from mirascope import local  # noqa: PLC0415  # the same

        provider, client = "openai", local.client(model)
    limits = {
        registration.max_tokens: options["max_tokens"],
        "temperature": options["temperature"],
    }
    params: dict[str, object] = {k: v for k, v in limits.items() if v is not None}

    @cast("_Call", call_factory(provider))(model, stream=True, client=client, call_params=params)
    def respond() -> list[BaseMessageParam]:
        system = options["system"]
        return [*([Messages.System(_text(system))] if system else []), Messages.User(prompt)]

    return respond()


def _print(stream: _Stream) -> None:
    """Print a response while it is received, and end its last line in any case."""
    out = sys.stdout
    _replace_errors(out)
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


def _replace_errors(file: TextIO) -> None:
    """Replace characters that the file's encoding lacks, such as half an emoji."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")


def _stats(stream: _Stream, first: float) -> str:
    stats = [stream.model, f"first token after {first:.2f} s"]
    more = (stream.output_tokens or 1) - 1
    seconds = (stream.end_time - stream.start_time) / 1000 - first
    if more and seconds > 0:
        stats.append(f"then {more / seconds:.1f} tokens/s")
    for count, direction in (stream.input_tokens, "in"), (stream.output_tokens, "out"):
        stats.append(f"{'unknown' if count is None else count} tokens {direction}")
    stats.append(f"finish reason: {', '.join(stream.finish_reasons or ['none'])}")
    return ", ".join(stats)


def _reason(error: MirascopeError) -> str:
    """Return the cause of an error in one line, without API keys."""
    from mirascope.core._errors.redaction import SHORTEST_KEY, redacted  # noqa: PLC0415  # the same

    root: BaseException = error
    while cause := root.__cause__ or root.__context__:
        root = cause
    text = str(error)
    if isinstance(error, StreamConnectionError) and str(root) not in text:
        text = f"{text.rstrip('.')}: {root}"
    keys = [registration.api_key for registration in BUILT_IN.values()]
    return " ".join(redacted(text, [key for key in keys if len(key) >= SHORTEST_KEY]).split())


def _report(text: str) -> None:
    click.echo(f"mirascope: {text}", err=True)
