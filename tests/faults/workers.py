"""Six server processes on one database, which are killed and paused at random while they do what time brings."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from tests.end_to_end.storm_servers import StormServer

WORKERS = 6
# Longer than a lease, so that others take over from one who then wakes, and shorter: it goes on as if nothing had been.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 4.0
MOST_OFTEN, LEAST_OFTEN = 0.1, 0.6


class Workers:
    """The processes, and what has been done to them."""

    def __init__(self, uri: str, database: str, seed: int) -> None:
        self._where, self.dice = (uri, database), random.Random(seed)
        self.all = [StormServer(uri, database) for _ in range(WORKERS)]
        self.kills = self.pauses = 0
        self._paused: dict[int, asyncio.Task[None]] = {}

    async def ready(self) -> None:
        """Waits until all of them serve."""
        await asyncio.gather(*(asyncio.to_thread(lambda one=one: one.url) for one in self.all))  # type: ignore[misc]

    async def mistreat(self, ends: float) -> None:
        """Kills one and starts another in its place, or pauses one for a while, again and again until then."""
        while monotonic() < ends:
            await asyncio.sleep(self.dice.uniform(MOST_OFTEN, LEAST_OFTEN))
            place = self.dice.randrange(WORKERS)
            if self.dice.random() < 0.4:
                # One that only just starts has nothing in hand that could be lost, and six of them do nothing at all.
                if self.all[place].is_ready:
                    await self._kill(place)
            elif place not in self._paused:
                self._pause(place, self.dice.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))
        await asyncio.gather(*self._paused.values())

    async def _kill(self, place: int) -> None:
        self.kills += 1
        await asyncio.to_thread(self.all[place].kill)
        self.all[place] = StormServer(*self._where)

    def _pause(self, place: int, seconds: float) -> None:
        self.pauses += 1
        self.all[place].pause()
        self._paused[place] = asyncio.create_task(self._wake(place, self.all[place], seconds))

    async def _wake(self, place: int, worker: StormServer, seconds: float) -> None:
        await asyncio.sleep(seconds)
        # It may have been killed meanwhile.
        worker.wake()
        del self._paused[place]

    def addresses(self) -> Sequence[str]:
        """Where those are that have ever answered; a paused one among them answers late."""
        return [one.url for one in self.all if one.is_ready]

    async def end(self) -> None:
        """Ends all of them."""
        for task in self._paused.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for one in self.all:
            await asyncio.to_thread(one.kill)
