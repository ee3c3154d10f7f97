"""A chat with Streamlit: ``streamlit run examples/streamlit_chat.py``.

It needs ``pip install streamlit 'mirascope-streams[local]'`` and no key: a small model runs on this
machine. ``MODEL`` names another. A click on Stop runs the script again, at once and in another
thread. That run closes the stream of the run before, and keeps what it received. Streamlit notices
a closed tab when the script writes next. So `ticks` has it write twice a second, also while the
model is silent.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import streamlit as st

from mirascope import BaseMessageParam, Messages, errors, llm, local, streams

MODEL = os.environ.get("MODEL", f"openai:{local.MODEL}")
CLIENT = None if "MODEL" in os.environ else local.client()


@llm.call(MODEL, client=CLIENT, stream=True)
def reply(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return history


def ticks(stream: llm.Stream) -> Iterator[None]:
    while stream.state in {"pending", "open"}:
        time.sleep(0.5)
        yield


st.title("Librarian")
history: list[BaseMessageParam] = st.session_state.setdefault("history", [])
last: llm.Stream | None = st.session_state.pop("stream", None)
if last:
    last.close()  # it is still open if the user has clicked on Stop
    if last.content:  # complete or not: the model sees what the user saw
        history.append(last.partial().message_param)
for message in history:
    st.chat_message(message.role).write(message.content)

if question := st.chat_input("Ask about a book"):
    history.append(Messages.User(question))
    st.chat_message("user").write(question)
    stream = st.session_state["stream"] = reply(history)
    with st.chat_message("assistant"):
        shown, stop = st.empty(), st.empty()
        stop.button("Stop")
        try:
            for _ in streams.merge(stream, ticks(stream)):
                shown.markdown(stream.content)
        except errors.StreamError as error:
            st.error(str(error))
        stop.empty()
