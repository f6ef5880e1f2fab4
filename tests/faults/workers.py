"""Six server processes on one database, which are killed and paused at random while they do what time brings."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from tests.end_to_end.storm_servers import ForkedServer

WORKERS = 6
# Longer than a lease, so that others take over from one who then wakes, and shorter: it goes on as if nothing had been.
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 4.0
MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS = 0.1, 0.6


class Workers:
    """The processes, and what has been done to them."""

    def __init__(self, uri: str, database: str, seed: int) -> None:
        self._server_arguments, self.rng = (uri, database), random.Random(seed)
        self.servers = [ForkedServer(uri, database) for _ in range(WORKERS)]
        self.kills = self.pauses = 0
        self._paused: dict[int, asyncio.Task[None]] = {}

    async def wait_until_ready(self) -> None:
        """Waits until all of them serve."""
        await asyncio.gather(*(asyncio.to_thread(lambda one=one: one.url) for one in self.servers))  # type: ignore[misc]

    async def inject_faults(self, ends: float) -> None:
        """Kills one and starts another in its place, or pauses one for a while, again and again until then."""
        while monotonic() < ends:
            await asyncio.sleep(self.rng.uniform(MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS))
            place = self.rng.randrange(WORKERS)
            if self.rng.random() < 0.4:
                # One that only just starts has nothing in hand that could be lost, and six of them do nothing at all.
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
        # It may have been killed meanwhile.
        worker.resume()
        del self._paused[place]

    def addresses(self) -> Sequence[str]:
        """Where those are that have ever answered; a paused one among them answers late."""
        return [one.url for one in self.servers if one.is_ready]

    async def stop_all(self) -> None:
        """Ends all of them."""
        for task in self._paused.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for one in self.servers:
            await asyncio.to_thread(one.kill)
