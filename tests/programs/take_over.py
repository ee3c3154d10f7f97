"""A worker whose generation another one can take over, or that reads, and takes it over.

Its arguments are what it does (``start`` or ``read``), the kind of the store, its place, the URL of
the server and the lease in seconds. It prints what it knows as lines of JSON.
"""

from __future__ import annotations

import json
import sys
import time

import openai as sdk

from mirascope import resume
from mirascope.core import openai_responses


def show(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def main(role: str, kind: str, place: str, url: str, lease: str) -> None:
    """Generate, or read."""

    @openai_responses.call(
        "gpt-4o-mini",
        stream=True,
        client=sdk.OpenAI(base_url=f"{url}/v1", api_key="none"),
        call_params={"background": True},
        on_interrupt="resume",
        cancel_on_close=True,
    )
    def answer() -> str:
        return "?"

    settings = resume.Settings(lease=float(lease), linger=0.0, takeover=lambda _: answer())
    store: resume.Store
    if kind == "sqlite":
        store = resume.SQLite(place, **settings)
    else:
        store = resume.Redis(place, prefix="m:", **settings)
    if role == "read":
        for event in store.read("chat"):
            show([event.offset, event.name, event.values])
        return
    run = store.start_sync("chat", answer)
    show({"joined": run.joined})
    while run.kept:
        time.sleep(0.01)
    show({"kept": False})
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
