"""Six server processes on one database, which are killed and paused at random while they run jobs."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from tests.end_to_end.storm_servers import ForkedServer

WORKERS = 6
# Pauses longer than a lease, so that others take over, and shorter ones, after which the worker continues.
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 4.0
MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS = 0.1, 0.6


class Workers:
    """The processes, and the numbers of kills and pauses."""

    def __init__(self, uri: str, database: str, seed: int) -> None:
        self._server_arguments, self.rng = (uri, database), random.Random(seed)
        self.servers = [ForkedServer(uri, database) for _ in range(WORKERS)]
        self.kills = self.pauses = 0
        self._paused: dict[int, asyncio.Task[None]] = {}

    async def wait_until_ready(self) -> None:
        """Wait until all workers serve."""
        await asyncio.gather(*(asyncio.to_thread(lambda one=one: one.url) for one in self.servers))  # type: ignore[misc]

    async def inject_faults(self, ends: float) -> None:
        """Until a moment, repeatedly kill and replace one worker, or pause one."""
        while monotonic() < ends:
            await asyncio.sleep(self.rng.uniform(MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS))
            place = self.rng.randrange(WORKERS)
            if self.rng.random() < 0.4:
                # A worker that is still starting has no work that could be lost.
                if self.servers[place].is_ready:
                    await self._kill(place)
            elif place not in self._paused:
                self._pause(place, self.rng.uniform(MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS))
        await asyncio.gather(*self._paused.values())

    async def _kill(self, place: int) -> None:
        self.kills += 1
        await asyncio.to_thread(self.servers[place].kill)
        self.servers[place] = ForkedServer(*self._server_arguments)

    def _pause(self, place: int, seconds: float) -> None:
        self.pauses += 1
        self.servers[place].pause()
        self._paused[place] = asyncio.create_task(self._resume(place, self.servers[place], seconds))

    async def _resume(self, place: int, worker: ForkedServer, seconds: float) -> None:
        await asyncio.sleep(seconds)
        # The worker may have been killed meanwhile.
        worker.resume()
        del self._paused[place]

    def addresses(self) -> Sequence[str]:
        """Return the addresses of the started workers; a paused one responds late."""
        return [one.url for one in self.servers if one.is_ready]

    async def stop_all(self) -> None:
        """Stop all workers."""
        for task in self._paused.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for one in self.servers:
            await asyncio.to_thread(one.kill)
