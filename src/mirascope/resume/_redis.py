"""Logs in Redis or Valkey, from 6.2 on, for several machines.

A log is a stream, whose entries have the ids ``<epoch>-<number>``; beside it are a hash with what
is known of the generation, and the lease, which expires by itself. What has to be one step is a
script. All appends that are due go in one pipeline, and one command waits for all logs that are
read: so a process has few connections, and little to do for each chunk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, cast
from urllib.parse import quote

from typing_extensions import override

from mirascope import errors
from mirascope.resume._log import Entry, Lease, Position, StreamLog, Tail, new_epoch

try:
    from redis.asyncio import Redis as Client
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import NoScriptError
except ImportError as error:
    raise errors.MissingSDKError("redis", "redis") from error

_TIMEOUT: Final = 2.0
"""After how many seconds without an answer a connection counts as broken."""

_BLOCK: Final = 20
"""How many milliseconds a read waits at the server; then logs that are new to it can join."""

_PAUSE: Final = 0.01
"""For how many seconds entries gather before the next read."""

_ACQUIRE: Final = """
local log, meta, lease = unpack(KEYS)
local epoch, seconds, keep = unpack(ARGV)
if redis.call('EXISTS', lease) == 1 then return 0 end
local before = tonumber(redis.call('HGET', meta, 'epoch') or 0)
if before >= tonumber(epoch) then epoch = string.format('%.0f', before + 1) end
redis.call('DEL', log, meta)
redis.call('HSET', meta, 'epoch', epoch, 'beat', 0)
redis.call('PEXPIRE', meta, seconds + keep)
redis.call('SET', lease, epoch, 'PX', seconds)
return tonumber(epoch)
"""

_TAKE_OVER: Final = """
local log, meta, lease = unpack(KEYS)
local place, seconds, keep = unpack(ARGV)
local tail = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if redis.call('EXISTS', lease) == 1 or not tail or tail[1] ~= place then return 0 end
local epoch = string.match(place, '^(%d+)-')
if (redis.call('HGET', meta, 'epoch') or epoch) ~= epoch then return 0 end
if redis.call('HEXISTS', meta, 'ended') == 1 then return 0 end
redis.call('HSET', meta, 'epoch', epoch)
redis.call('PEXPIRE', log, seconds + keep)
redis.call('SET', lease, epoch, 'PX', seconds)
local writer = redis.call('HINCRBY', meta, 'writer', 1)
redis.call('PEXPIRE', meta, seconds + keep)
return writer
"""

_APPEND: Final = """
local log, meta, lease = unpack(KEYS)
local mine, seconds, keep, after, ended, writer = unpack(ARGV)
local epoch, last = redis.call('HGET', meta, 'epoch'), 0
local tail = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if tail then
  local found, number = string.match(tail[1], '^(%d+)-(%d+)$')
  epoch, last = epoch or found, tonumber(number)
end
if epoch and epoch ~= mine then return {'fenced', last} end
if tonumber(redis.call('HGET', meta, 'writer') or 0) > tonumber(writer) then
  return {'fenced', last}
end
if last < tonumber(after) then return {'lost', last} end
for i = 7, #ARGV, 2 do
  if tonumber(ARGV[i]) > last then
    redis.call('XADD', log, mine .. '-' .. ARGV[i], 'e', ARGV[i + 1])
    last = tonumber(ARGV[i])
  end
end
redis.call('HSET', meta, 'epoch', mine, 'writer', writer)
redis.call('HINCRBY', meta, 'beat', 1)
redis.call('PEXPIRE', log, seconds + keep)
redis.call('PEXPIRE', meta, seconds + keep)
if ended == '1' then
  redis.call('HSET', meta, 'ended', 1)
  redis.call('DEL', lease)
else
  redis.call('SET', lease, mine, 'PX', seconds)
end
return {'ok', redis.call('HEXISTS', meta, 'stop')}
"""

_STOP: Final = """
local log, meta, lease = unpack(KEYS)
if redis.call('EXISTS', lease) == 0 then return 0 end
redis.call('HSET', meta, 'stop', 1)
return 1
"""


class RedisLog(StreamLog):
    """Logs in Redis.

    Args:
        url: The server, as redis-py takes it.
        prefix: What all keys begin with.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._client: Any = cast("Any", Client).from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 0),  # whoever reads or writes a log calls again
        )
        self._prefix = prefix
        scripts = map(self._client.register_script, (_ACQUIRE, _TAKE_OVER, _APPEND, _STOP))
        self._acquire, self._take_over, self._append, self._stop = scripts
        self._appends = _Together(self._append_all)
        self._reads = _Together(self._read_all, pause=_PAUSE)

    def _keys(self, key: str) -> list[str]:
        """Return the keys of a log: its stream, its hash, its lease."""
        tagged = f"{self._prefix}{{{quote(key, safe='')}}}"
        return [f"{tagged}:log", f"{tagged}:meta", f"{tagged}:lease"]

    @override
    async def acquire(self, key: str, *, seconds: float, keep: float) -> Lease | None:
        args = [new_epoch(), _ms(seconds), _ms(keep)]
        epoch = int(await self._acquire(keys=self._keys(key), args=args))
        return Lease(key, epoch, seconds, keep) if epoch else None

    @override
    async def append(
        self, lease: Lease, entries: Sequence[Entry], *, after: int, ended: bool
    ) -> bool:
        times = (_ms(lease.seconds), _ms(lease.keep))
        args: list[object] = [lease.epoch, *times, after, int(ended), lease.writer]
        for entry in entries:
            args += entry
        state, value = await self._appends.run((self._keys(lease.key), args))
        if state == b"fenced":
            raise errors.StreamLogFenced("another worker writes this log now")
        if state == b"lost":
            raise errors.StreamLogLost(f"the log ends at {value}, before {after}")
        return bool(value)

    @override
    async def read(self, key: str, after: Position | None, *, wait: float) -> Tail:
        log, meta, lease = self._keys(key)
        if after is not None and wait > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    found = await self._reads.run((log, after))
                    if entries := _of_epoch(found, after.epoch):
                        return Tail(after.epoch, entries, is_running=True)
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(meta, "epoch", "beat")
            pipe.exists(lease)
            pipe.xrange(log, f"({after}" if after else "-", "+")
            (epoch, beat), alive, entries = await pipe.execute()
        if epoch is None:
            return Tail()
        number = int(epoch)
        if after is not None and after.epoch != number:
            entries = []
        return Tail(number, _of_epoch(entries, number), int(beat or 0), bool(alive))

    async def _append_all(self, jobs: Sequence[_Job]) -> None:
        """Run the script for each, in one pipeline."""
        async with self._client.pipeline(transaction=False) as pipe:
            for (keys, args), _ in jobs:
                pipe.evalsha(self._append.sha, len(keys), *keys, *args)
            results = await pipe.execute(raise_on_error=False)
        if any(isinstance(each, NoScriptError) for each in results):  # of a server that restarted
            await self._client.script_load(self._append.script)
            await self._append_all(jobs)  # what was done is left out
            return
        for (_, future), result in zip(jobs, results, strict=True):
            if not future.done():
                failed = isinstance(result, Exception)
                (future.set_exception if failed else future.set_result)(result)

    async def _read_all(self, jobs: Sequence[_Job]) -> None:
        """Wait a little for entries of any of the logs."""
        places: dict[bytes, Position] = {}
        for (log, after), _ in jobs:
            places[log.encode()] = min(after, places.get(log.encode(), after))
        streams = {log: str(after) for log, after in places.items()}
        found = await self._client.xread(streams, block=_BLOCK)
        logs = _by_log(found)
        for (log, after), future in jobs:
            newer = [each for each in logs.get(log.encode(), ()) if _position(each[0]) > after]
            if newer and not future.done():
                future.set_result(newer)

    @override
    async def request_stop(self, key: str) -> bool:
        return bool(await self._stop(keys=self._keys(key), args=[]))

    @override
    async def take_over(
        self, key: str, end: Position, *, seconds: float, keep: float
    ) -> Lease | None:
        args = [str(end), _ms(seconds), _ms(keep)]
        writer = int(await self._take_over(keys=self._keys(key), args=args))
        return Lease(key, end.epoch, seconds, keep, writer) if writer else None

    @override
    async def close(self) -> None:
        await self._client.aclose()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _by_log(found: Any) -> dict[bytes, Any]:
    """Return the entries of each stream, in the form of either protocol."""
    if hasattr(found, "items"):
        return {log: lists[0] for log, lists in found.items()}
    return dict(found or ())


def _position(entry_id: bytes) -> Position:
    return Position.parse(entry_id.decode()) or Position(0, 0)


def _of_epoch(found: Any, epoch: int) -> list[Entry]:
    """Return the entries of a generation."""
    entries: list[Entry] = []
    for entry_id, fields in found:
        position = _position(entry_id)
        if position.epoch == epoch:
            entries.append(Entry(position.number, fields[b"e"]))
    return entries


_Job = tuple[Any, "asyncio.Future[Any]"]


class _Together:
    """Does what several callers want by one command, again and again while somebody waits.

    Args:
        work: Does it for some callers, and sets the futures of those that it is done for.
        pause: How many seconds to wait before it is done again.
    """

    def __init__(
        self, work: Callable[[Sequence[_Job]], Coroutine[Any, Any, None]], pause: float = 0.0
    ) -> None:
        self._work = work
        self._pause = pause
        self._jobs: list[_Job] = []
        self._task: asyncio.Task[None] | None = None

    async def run(self, wanted: object) -> Any:
        """Return what the command gives this caller."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append((wanted, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while jobs := [job for job in self._jobs if not job[1].done()]:
            self._jobs = [*jobs]  # to which others are added meanwhile
            try:
                await self._work(jobs)
            except Exception as error:  # noqa: BLE001  # each of them fails
                for _, future in jobs:
                    if not future.done():
                        future.set_exception(error)
            await asyncio.sleep(self._pause)
