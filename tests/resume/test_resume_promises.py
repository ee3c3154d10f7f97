"""What is promised of generations and their readers, in every store, sync and async."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from resume_support import LEASE, WORDS, Mode, Workers, answer, answer_sync, parsed, text_of

import mirascope
from mirascope import errors, resume
from mirascope.resume._memory import MemoryLog
from mirascope.testing import ScriptedProvider
from mirascope.web import ag_ui, ai_sdk, sse

QUARTER = LEASE / 4
TOLERANCE = 0.5
"""What a busy machine may add to a bound that is promised."""


def test_every_reader_gets_each_event_once_and_in_order(
    llm: ScriptedProvider, workers: Workers, mode: Mode
) -> None:
    llm.reply(WORDS, pace="live")
    one, other = workers(), workers()

    async def main() -> None:
        run = await mode.start(one, "chat", mode.turn("?"))
        assert (run.key, run.joined, run.kept) == ("chat", False, True)
        live, elsewhere = await asyncio.gather(
            mode.read(one.read("chat")), mode.read(other.read("chat"))
        )
        assert live == elsewhere == await mode.read(other.read("chat"))
        assert text_of(live) == WORDS
        offsets = [resume.Position.parse(event.offset) for event in live]
        assert [each and each.number for each in offsets] == list(range(1, len(live) + 1))
        assert [event.name for event in live][-1] == "finish"

    asyncio.run(main())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(min_value=0, max_value=30), max_size=6))
def test_a_reader_that_disconnects_anywhere_misses_nothing(
    llm: ScriptedProvider, workers: Workers, cuts: list[int]
) -> None:
    llm.reply(WORDS)
    store = workers(linger=0.0)
    key = f"chat{len(llm.requests)}"
    _ = store.start_sync(key, answer_sync)
    other = workers()
    got: list[resume.RecordedEvent] = []
    for cut in cuts:
        after = got[-1].offset if got else None
        with_more = iter(other.read(key, after))
        got += [event for event, _ in zip(with_more, range(cut), strict=False)]
    got += other.read(key, got[-1].offset if got else None)
    assert text_of(got) == WORDS
    assert got == list(store.read(key))
    assert sum(event.name == "finish" for event in got) == 1


@pytest.mark.parametrize("protocol", [sse, ai_sdk, ag_ui], ids=["sse", "ai_sdk", "ag_ui"])
def test_a_log_is_written_to_browsers_as_its_stream_is(
    llm: ScriptedProvider, workers: Workers, mode: Mode, protocol: object
) -> None:
    """Each time with the same bytes; with what a live stream gives, where it has no ids."""
    llm.reply(WORDS)
    llm.reply(WORDS)
    store = workers()

    async def main() -> None:
        await mode.start(store, "chat", answer if mode.asynchronous else answer_sync)
        first, second = [
            b"".join(await mode.read(protocol.events(store.read("chat")))).decode()  # type: ignore[attr-defined]
            for _ in range(2)
        ]
        assert first == second
        live = b"".join(await mode.read(protocol.events(answer()))).decode()  # type: ignore[attr-defined]
        kinds = [event["type"] for _, event in parsed(live)]
        assert list(dict.fromkeys(kinds)) == list(
            dict.fromkeys(event["type"] for _, event in parsed(first))
        )
        deltas = [
            "".join(str(event.get("text", event.get("delta", ""))) for _, event in parsed(each))
            for each in (first, live)
        ]
        assert deltas == [WORDS, WORDS]

    asyncio.run(main())


def test_an_event_source_resumes_from_any_id(llm: ScriptedProvider, workers: Workers) -> None:
    llm.reply(WORDS)
    store = workers(linger=0.0)
    store.start_sync("chat", answer_sync)
    everything = parsed(b"".join(sse.events(store.read("chat"))).decode())
    ids = [offset for offset, _ in everything if offset]
    for offset in ids:
        rest = parsed(b"".join(sse.events(store.read("chat", offset))).decode())
        # what has no id comes with the next that has one
        at = [known for known, _ in everything].index(offset) + 1
        assert rest == everything[at:]
    assert sse.events(store.read("chat", ids[-1])).open().status == 204


@pytest.mark.parametrize("offset", ["1-1", "no offset", "1-", "9" * 40])
def test_an_offset_of_no_log_is_an_error(
    llm: ScriptedProvider, workers: Workers, offset: str
) -> None:
    llm.reply(WORDS)
    store = workers()
    store.start_sync("chat", answer_sync)
    assert text_of(list(store.read("chat"))) == WORDS
    with pytest.raises(errors.StreamLogLost):
        list(store.read("chat", offset))
    with pytest.raises(errors.StreamLogLost):
        list(store.read("another chat", offset))
    response = sse.events(store.read("chat", offset)).open()
    assert (response.status, list(response)) == (410, [b"This answer is not kept any more."])


def test_nothing_runs_where_nothing_was_started(llm: ScriptedProvider, workers: Workers) -> None:
    llm.reply("Hi")
    store = workers()
    for protocol in (sse, ai_sdk, ag_ui):
        response = protocol.events(store.read("chat")).open()
        assert (response.status, list(response)) == (204, [])
    store.start_sync("chat", answer_sync)
    assert text_of(list(store.read("chat"))) == "Hi"
    assert list(store.read("chat", running=True)) == []
    assert ai_sdk.events(store.read("chat", running=True)).open().status == 204
    assert store.stop_sync("chat") is False


def test_a_failure_is_an_explicit_end(llm: ScriptedProvider, workers: Workers, mode: Mode) -> None:
    llm.fail(429)
    llm.cut("Half of")
    store = workers()

    async def main() -> None:
        await mode.start(store, "refused", answer if mode.asynchronous else answer_sync)
        refused = await mode.read(store.read("refused"))
        await mode.start(store, "cut", answer if mode.asynchronous else answer_sync)
        cut = await mode.read(store.read("cut"))
        assert refused[-1].values == ["There are too many requests. Try again later.", 429]
        assert (text_of(cut), cut[-1].values[0]) == ("Half of", "The answer was cut off.")
        response = sse.events(store.read("refused")).open()
        assert (response.status, list(response)) == (429, [refused[-1].values[0].encode()])

    asyncio.run(main())


def test_what_cannot_be_made_is_an_explicit_end(workers: Workers, mode: Mode) -> None:
    store = workers()

    def fails() -> object:
        raise LookupError("no such model")

    async def main() -> None:
        with pytest.raises(LookupError):
            await mode.start(store, "chat", fails)
        (end,) = await mode.read(store.read("chat"))
        assert (end.name, end.values) == ("error", ["Something went wrong.", 500])

    asyncio.run(main())


def test_a_generation_goes_on_without_readers(
    llm: ScriptedProvider, workers: Workers, mode: Mode
) -> None:
    llm.reply("One ")
    llm.reply("two")
    store, gate = workers(), threading.Event()

    async def main() -> None:
        await mode.start(store, "chat", mode.turn("1", "2", gate=gate))
        reading = store.read("chat")
        async for event in reading:  # a reader that goes
            if event.name == "text":
                break
        reading.close()
        gate.set()
        assert text_of(await mode.read(store.read("chat"))) == "One two"

    asyncio.run(main())


def test_any_worker_stops_a_generation_at_once(
    llm: ScriptedProvider, workers: Workers, mode: Mode
) -> None:
    llm.stall("Half of")
    one, other = workers(), workers()

    async def main() -> None:
        await mode.start(one, "chat", answer if mode.asynchronous else answer_sync)
        async for event in other.read("chat"):
            if event.name == "text":
                break
        began = monotonic()
        assert await mode.stop(other, "chat") is True
        events = await mode.read(other.read("chat"))
        assert monotonic() - began < QUARTER + TOLERANCE
        assert text_of(events) == "Half of"
        assert [event.name for event in events][-3:] == ["end_text", "end_step", "abort"]
        assert await mode.stop(other, "chat") is False

    asyncio.run(main())


def test_a_tool_that_does_not_end_is_stopped_as_well(
    llm: ScriptedProvider, workers: Workers, mode: Mode
) -> None:
    llm.reply("One ")
    store, gate = workers(), threading.Event()

    async def main() -> None:
        await mode.start(store, "chat", mode.turn("1", "2", gate=gate))
        async for event in store.read("chat"):
            if event.name == "end_text":
                break
        assert await mode.stop(store, "chat") is True
        events = await mode.read(store.read("chat"))
        assert events[-1].name == "abort"
        gate.set()

    asyncio.run(main())


def test_who_starts_a_second_time_joins(
    llm: ScriptedProvider, workers: Workers, mode: Mode
) -> None:
    llm.reply("One ")
    llm.reply("two")
    llm.reply("three")
    one, other, gate = workers(), workers(), threading.Event()

    async def main() -> None:
        await mode.start(one, "chat", mode.turn("1", "2", gate=gate))
        joined = await mode.start(other, "chat", mode.turn("3"))
        assert joined.joined is True
        gate.set()
        before = await mode.read(other.read("chat"))
        assert text_of(before) == "One two"
        again = await mode.start(other, "chat", mode.turn("3"))
        assert again.joined is False
        assert text_of(await mode.read(one.read("chat"))) == "three"
        with pytest.raises(errors.StreamLogLost):
            await mode.read(one.read("chat", before[3].offset))

    asyncio.run(main())


def test_trio_reads_too(llm: ScriptedProvider, workers: Workers) -> None:
    llm.reply(WORDS)
    llm.stall("Half of")
    store = workers()

    async def main() -> None:
        await store.start("chat", answer)
        assert text_of([event async for event in store.read("chat")]) == WORDS
        await store.start("endless", answer)
        with trio.move_on_after(0.2) as scope:
            [event async for event in store.read("endless")]
        assert scope.cancelled_caught
        assert await store.stop("endless")

    trio.run(main)
    assert [event.name for event in store.read("endless")][-1] == "abort"


def test_who_may_read_and_stop_is_up_to_the_application(
    llm: ScriptedProvider, workers: Workers
) -> None:
    llm.reply("Hi")
    store = workers(may_read=lambda key, reader: key.startswith(f"{reader}/"))
    store.start_sync("ann/1", answer_sync)
    for reader in (None, "bob"):
        with pytest.raises(PermissionError):
            store.read("ann/1", reader=reader)
        with pytest.raises(PermissionError):
            store.stop_sync("ann/1", reader=reader)
    assert text_of(list(store.read("ann/1", reader="ann"))) == "Hi"
    assert store.stop_sync("ann/1", reader="ann") is False


def test_an_answer_that_is_too_large_ends_with_an_error(
    llm: ScriptedProvider, workers: Workers
) -> None:
    llm.reply(WORDS)
    ended = threading.Event()

    def turn() -> object:
        yield answer_sync()
        ended.set()

    store = workers(max_bytes=200)
    run = store.start_sync("chat", turn)
    events = list(store.read("chat"))
    assert events[-1].values == ["The answer is too large to be kept.", 500]
    assert ended.wait(20)  # it is read to its end all the same
    assert run.kept is False


def test_a_loop_that_ends_aborts_its_generations(llm: ScriptedProvider, workers: Workers) -> None:
    llm.stall("Half of")
    store = workers()

    async def main() -> None:
        await store.start("chat", answer)
        async for event in store.read("chat"):
            if event.name == "text":
                return

    asyncio.run(main())
    assert [event.name for event in store.read("chat")][-1] == "abort"


def test_a_closed_store_gives_its_generations_time(
    llm: ScriptedProvider, workers: Workers, mode: Mode
) -> None:
    llm.reply(WORDS, pace="live")
    llm.stall("Half of")
    one, other = workers(grace=10.0), workers(grace=0.2)

    async def main() -> None:
        make = answer if mode.asynchronous else answer_sync
        await mode.start(one, "long", make)
        reading = asyncio.create_task(mode.read(other.read("long")))
        await one.close()
        assert text_of(await reading) == WORDS
        await mode.start(other, "endless", make)
        reading = asyncio.create_task(mode.read(one.read("endless")))
        await asyncio.sleep(0)
        async for event in one.read("endless"):
            if event.name == "text":
                break
        await other.close()
        events = await reading
        assert (text_of(events), events[-1].name) == ("Half of", "abort")

    asyncio.run(main())


def test_threads_share_what_is_opened() -> None:
    opened: list[MemoryLog] = []
    ready = threading.Barrier(8)

    def slowly() -> MemoryLog:
        opened.append(MemoryLog())
        sleep(0.01)
        return opened[-1]

    def read() -> None:
        ready.wait(20)
        store.read("chat")

    store = resume.Store(slowly)
    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [("lease", 0.0), ("linger", -1.0), ("keep", 0.0), ("max_bytes", 0), ("grace", -1.0)],
)
def test_a_setting_out_of_range_is_refused(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"`{setting}` is .*; it must be at least"):
        resume.Memory(**{setting: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "k" * 513])
def test_a_key_is_neither_empty_nor_long(key: str) -> None:
    with pytest.raises(ValueError, match="a key has 1 to 512 characters"):
        resume.Memory().read(key)


def test_the_import_loads_no_client_and_a_missing_one_is_named() -> None:
    program = (
        "import sys; from mirascope import errors, resume; loaded = set(sys.modules);"
        "assert not loaded & {'redis', 'starlette', 'openai'}, loaded;"
        "sys.modules['redis'] = None; resume.Redis('redis://localhost')"
    )
    source = Path(mirascope.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "redis is not installed or too old; run: pip install" in done.stderr
    assert "mirascope-streams[redis]" in done.stderr
