"""``mirascope``, and ``python -m mirascope``."""

import sys

from mirascope.errors import MissingSDKError


def main() -> None:
    """Run the command line, or report how to install what it needs."""
    try:
        from mirascope._cli import command  # noqa: PLC0415  # click may not be installed
    except ImportError as error:
        if error.name != "click":
            raise
        sys.exit(f"mirascope: {MissingSDKError('click', extra='cli')}")
    except KeyboardInterrupt:
        sys.exit(130)
    command(prog_name="mirascope")


if __name__ == "__main__":
    main()
