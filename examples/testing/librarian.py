"""A librarian who streams: a chat with a tool, and a list of books that grows."""

from collections.abc import Iterator

from pydantic import BaseModel

from mirascope import BaseMessageParam, Messages, Timeout, llm

PROVIDER = "openai"


class Book(BaseModel):
    title: str
    author: str


def get_author(title: str) -> str:
    """Return the author of a book."""
    return "Jane Austen" if title == "Emma" else "unknown"


@llm.call(f"{PROVIDER}:a-model", stream=True, tools=[get_author], timeout=Timeout(idle=0.2))
def ask(history: list[BaseMessageParam]) -> list[BaseMessageParam]:
    return history


@llm.call(f"{PROVIDER}:a-model", stream=True, response_model=list[Book])
def recommend_books(genre: str) -> str:
    return f"Recommend {genre} books"


def chat(question: str) -> Iterator[str]:
    """Yield the answer piece by piece; call the tool whenever the model wants it."""
    history: list[BaseMessageParam] = [Messages.User(question)]
    while True:
        stream = ask(history)
        outputs = []
        for chunk, tool in stream:
            yield chunk.content
            if tool:
                outputs.append((tool, tool.call()))
        if not outputs:
            return
        history += [stream.common_message_param, *stream.tool_message_params(outputs)]
