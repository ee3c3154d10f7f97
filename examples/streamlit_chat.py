"""A chat with Streamlit: ``streamlit run examples/streamlit_chat.py``.

It needs ``pip install streamlit 'mirascope-streams[local]'`` and no key: a small model runs on this
machine. ``MODEL`` names another. Streamlit notices a click on Stop, or a closed tab, only when the
script writes. So `ticks` makes the script write twice a second, also while the model is silent.
Then the connection to the model closes.
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
for message in history:
    st.chat_message(message.role).write(message.content)

if question := st.chat_input("Ask about a book"):
    history.append(Messages.User(question))
    st.chat_message("user").write(question)
    stream = reply(history)
    try:
        with st.chat_message("assistant"):
            st.button("Stop")
            shown = st.empty()
            for _ in streams.merge(stream, ticks(stream)):
                shown.markdown(stream.content)
    except errors.StreamError as error:
        st.error(str(error))
    finally:  # also when the user stops it, or leaves
        if stream.content:
            history.append(stream.partial().message_param)
