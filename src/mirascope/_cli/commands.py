"""The commands and their options; what they do is imported when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click
from typing_extensions import override

from mirascope._cli.terminal import exit_code
from mirascope._version import __version__
from mirascope.core._calls.registry import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from mirascope._cli.options import Options, PromptOptions

T = TypeVar("T")

_HELP: Final = {"help_option_names": ["-h", "--help"]}
_COMMANDS: Final[dict[str, click.Command]] = {}
"""The commands that a first argument can name."""

# Click keeps the line breaks of a paragraph that begins with a backspace.
_EXAMPLES: Final = """\b
Examples:
  mirascope "Recommend a fantasy book"
  git diff | mirascope "Write a commit message"
"""


class _Main(click.Command):
    """The command that prompts; a first argument that names another command runs that instead."""

    @override
    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if args and (other := _COMMANDS.get(args[0])):
            return other.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    @override
    def invoke(self, ctx: click.Context) -> object:
        run = super().invoke if ctx.command is self else ctx.command.invoke
        sys.exit(exit_code(lambda: cast("int", run(ctx))))

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, other.get_short_help_str(72)) for name, other in _COMMANDS.items()]
            )
        super().format_epilog(ctx, formatter)


def _names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a command, where a prompt may be."""
    return [name for name in _COMMANDS if name.startswith(incomplete)]


_SHARED: Final = (
    click.option(
        "-m",
        "--model",
        metavar="PROVIDER:MODEL",
        help="The model, such as openai:gpt-4o-mini; a provider alone uses its default model."
        " local:FILE.gguf runs a model file. By default, the first provider with an API key in the"
        " environment is used, or else a small local model. `mirascope models` lists the providers:"
        f" {', '.join(BUILT_IN)}, local and those of installed packages.",
    ),
    click.option("--system", metavar="TEXT", help="The system message."),
    click.option(
        "--max-tokens",
        type=click.IntRange(min=1),
        help="The maximum length of the response in tokens.",
    ),
    click.option("--temperature", type=click.FloatRange(min=0), help="The sampling temperature."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="The maximum time for the response.",
    ),
    click.option(
        "--tool",
        "tools",
        multiple=True,
        metavar="MODULE:FUNCTION",
        help="A Python function that the model may call. You approve each call. The module can be a"
        " file in the current folder. Repeat the option for more functions.",
    ),
    click.option("--yes", is_flag=True, help="Run tools without approval."),
    click.option("--live", is_flag=True, help="Render Markdown on a terminal."),
    click.option("--stats", is_flag=True, help="Print times and token counts to stderr."),
    click.option(
        "-c", "--continue", "resume", is_flag=True, help="Continue the last conversation."
    ),
    click.option(
        "--no-log",
        is_flag=True,
        envvar="MIRASCOPE_NO_LOG",
        help="Do not save the conversation; see `mirascope logs`.",
    ),
)


def _shared(function: Callable[..., T]) -> Callable[..., T]:
    """Add the options of every command that prompts."""
    for option in reversed(_SHARED):
        function = option(function)
    return function


@click.command(cls=_Main, context_settings=_HELP, epilog=_EXAMPLES)
@click.argument("prompt", required=False, shell_complete=_names)
@_shared
@click.option(
    "--attach",
    "attachments",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Send an image, an audio file or a PDF. Repeat the option for more files.",
)
@click.option(
    "--schema",
    metavar="SCHEMA",
    help="Print JSON that matches a schema: a JSON schema, a file with one, or fields such as"
    ' "name, age int, bio: a short text".',
)
@click.option("--json", "as_json", is_flag=True, help="Print events, one JSON object per line.")
@click.version_option(__version__, prog_name="mirascope")
def command(prompt: str | None, **options: Unpack[PromptOptions]) -> int:
    """Send a prompt to a model and print the response while it is generated.

    Text that you pipe in is added after PROMPT. Without PROMPT, it is the prompt.
    """
    from mirascope._cli.session import respond  # noqa: PLC0415  # slow, and not for --help

    return respond(prompt, options)


def _command(function: Callable[..., int]) -> None:
    """Make a function a command that the first argument can name."""
    made = click.command(context_settings=_HELP)(function)
    _COMMANDS[cast("str", made.name)] = made


@_command
@_shared
def chat(**options: Unpack[Options]) -> int:
    """Chat with a model. Each line is a message.

    Ctrl-C stops a response and keeps its text. /exit, Ctrl-D or Ctrl-C twice ends the chat.
    """
    from mirascope._cli.chat import run  # noqa: PLC0415  # slow, and not for --help

    return run(options)


@_command
def models() -> int:
    """List the providers, their default models and the API keys that are set.

    The star marks the default provider. API keys are read from environment variables.
    """
    from mirascope._cli.models import print_models  # noqa: PLC0415  # slow, and not for --help

    print_models()
    return 0


@_command
@click.argument("conversation", type=int, required=False)
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="The number of conversations.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def logs(conversation: int | None, count: int, *, as_json: bool) -> int:
    """List the last conversations, or print one of them.

    CONVERSATION is a number from the list. The conversations are in log.db in your data folder, or
    in the folder in MIRASCOPE_DATA.
    """
    from mirascope._cli.log_listing import print_logs  # noqa: PLC0415  # slow, and not for --help

    print_logs(conversation, count, as_json=as_json)
    return 0
