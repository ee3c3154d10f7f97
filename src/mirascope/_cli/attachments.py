"""Files as parts of a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from mirascope._cli.terminal import UserError
from mirascope.core._prompts.media import audio_part, document_part, image_part
from mirascope.core._prompts.message_param import Part

_KINDS: Final[tuple[Callable[[Path], Part], ...]] = (image_part, audio_part, document_part)


def part_of_file(path: Path) -> Part:
    """Return a file as a part; its first bytes decide of which kind.

    Raises:
        UserError: It is none of those, or cannot be read.
    """
    for kind in _KINDS:
        try:
            return kind(path)
        except ValueError:
            continue
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from error
    raise UserError(f"{path} is not an image, an audio file or a PDF; to send text, pipe it in")
