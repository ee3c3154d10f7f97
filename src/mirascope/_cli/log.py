"""The log: conversations in an SQLite file of the user's data folder.

Each operation opens the file, so that several processes can use it at once: readers never wait
(write-ahead log), and a writer waits a few seconds for another. Only the user can read the folder
and the file. ``user_version`` counts the migrations that the file has.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from mirascope.conversation import history_of
from mirascope.core import BaseMessageParam
from mirascope.errors import MirascopeError

_BUSY_SECONDS: Final = 3
_MIGRATIONS: Final = (
    """
    CREATE TABLE conversations (id INTEGER PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL REFERENCES conversations (id),
        time REAL NOT NULL,       -- when it began, in seconds since the epoch
        model TEXT NOT NULL,      -- as PROVIDER:MODEL
        prompt TEXT NOT NULL,
        response TEXT NOT NULL,   -- the text that was received
        state TEXT NOT NULL,      -- finished, truncated, closed (by the user) or failed
        input_tokens INTEGER,
        output_tokens INTEGER,
        messages TEXT NOT NULL    -- what the turn adds to the history, as JSON
    );
    CREATE INDEX turns_of_conversation ON turns (conversation);
    """,
)


_MESSAGES: Final = TypeAdapter(list[BaseMessageParam])


class LogError(MirascopeError):
    """The log cannot be read or written."""


class Turn(NamedTuple):
    """A prompt and the response to it; the fields are columns of the table."""

    time: float
    model: str
    prompt: str
    response: str
    state: str
    input_tokens: int | None
    output_tokens: int | None
    messages: str


class Conversation(NamedTuple):
    """A conversation: its number and its turns, of which there is at least one."""

    id: int
    turns: list[Turn]

    @property
    def history(self) -> list[BaseMessageParam]:
        """The messages of all turns."""
        with self._checked():
            return [message for turn in self.turns for message in history_of(turn.messages)]

    def to_json(self) -> str:
        """Return it as a JSON object."""
        with self._checked():
            turns = [
                {**turn._asdict(), "messages": json.loads(turn.messages)} for turn in self.turns
            ]
            return json.dumps({"id": self.id, "turns": turns})

    @contextmanager
    def _checked(self) -> Generator[None]:
        try:
            yield
        except ValueError as error:
            raise LogError(f"conversation {self.id} in the log is damaged") from error


def json_of(messages: list[BaseMessageParam]) -> str:
    """Return messages as the log has them."""
    dumped = _MESSAGES.dump_python(messages, mode="json")
    return storable(json.dumps(dumped, ensure_ascii=False))


def storable(text: str) -> str:
    """Return a text without what SQLite cannot store, such as half an emoji."""
    return text.encode(errors="replace").decode()


def data_folder() -> Path:
    """Return the folder of the log."""
    if named := os.environ.get("MIRASCOPE_DATA"):
        return Path(named).expanduser()
    from platformdirs import user_data_path  # noqa: PLC0415  # not always needed

    return user_data_path("mirascope", appauthor=False)


class Log:
    """The log; its file is made when the first turn is added.

    Raises:
        LogError: In each method: the file cannot be read or written.
    """

    def __init__(self) -> None:
        self._path = data_folder() / "log.db"

    def add(self, conversation: int | None, turn: Turn) -> int:
        """Add a turn to a conversation, or to a new one; return the number of that."""
        with self._opened() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            if conversation is None:
                cursor = connection.execute("INSERT INTO conversations DEFAULT VALUES")
                conversation = cursor.lastrowid or 0
            columns = ", ".join(Turn._fields)
            places = ", ".join("?" * len(Turn._fields))
            connection.execute(
                f"INSERT INTO turns (conversation, {columns}) VALUES (?, {places})",  # noqa: S608  # names of our own
                (conversation, *turn),
            )
        return conversation

    def last(self, count: int) -> list[Conversation]:
        """Return the conversations with the newest turns, the newest last."""
        query = "SELECT conversation FROM turns GROUP BY conversation ORDER BY max(id) DESC LIMIT ?"
        rows = self._read(query, count)
        return [each for (number,) in reversed(rows) for each in self.find(number)]

    def find(self, number: int) -> list[Conversation]:
        """Return the conversation with a number, if there is one."""
        columns = ", ".join(Turn._fields)
        query = f"SELECT {columns} FROM turns WHERE conversation = ? ORDER BY id"  # noqa: S608  # names of our own
        turns = [Turn(*row) for row in self._read(query, number)]
        return [Conversation(number, turns)] if turns else []

    def prompts(self, count: int) -> list[str]:
        """Return the last prompts, the newest last."""
        rows = self._read("SELECT prompt FROM turns ORDER BY id DESC LIMIT ?", count)
        return [prompt for (prompt,) in reversed(rows)]

    def _read(self, query: str, value: int) -> list[Any]:
        if not self._path.exists():
            return []
        with self._opened() as connection:
            return connection.execute(query, (value,)).fetchall()

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        try:
            self._create()
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            with closing(connection):
                self._migrate(connection)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise LogError(f"the log {self._path} cannot be used: {error}") from error

    def _create(self) -> None:
        if not self._path.exists():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = self._version(connection)
        if version > len(_MIGRATIONS):
            raise LogError(f"the log {self._path} was written by a newer version of mirascope")
        if version == len(_MIGRATIONS):
            return
        self._set_journal(connection)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            version = self._version(connection)  # another process may have been faster
            for statement in ";".join(_MIGRATIONS[version:]).split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")

    def _set_journal(self, connection: sqlite3.Connection) -> None:
        """Set the write-ahead log; SQLite itself does not wait for another process that does."""
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
