"""A soak: changes, subscribers who come and go, and one server restarted each minute; nothing lost, memory flat.

`python -m bench.soak [MINUTES]` (30), as `make soak MINUTES=30`. 20 changes a second, 500 subscribers; three servers on
a replica set of one, of which two take turns in being restarted, by SIGTERM and by SIGKILL. What must hold: events lost
0, repeated 0, reordered 0, acknowledged writes lost 0; the memory of the server that stays is flat (its last third at
most 10 %, or 20 MB, over its second).
"""

import asyncio
import random
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import mean
from time import monotonic

from tests.app_state import Server
from tests.faults.figures import machine
from tests.faults.subscribers import Subscriber
from tests.faults.truth import account
from tests.faults.world import Watch, World, memory_of, running_world, watched
from tests.mongod import running_set

SUBSCRIBERS, PER_SECOND, WRITERS = 500, 20.0, 20
RESTART_SECONDS, CHURN_SECONDS = 60.0, 1.0
# So many of them leave each second, and come back somewhere else some seconds later.
LEAVING, LONGEST_AWAY = 5, 8.0


@dataclass
class Soak:
    """What goes on at once, and what was seen."""

    world: World
    watch: Watch
    ends: float
    restarts: int = 0
    comings: int = 0
    memory: list[float] = field(default_factory=list)

    async def restart_servers(self) -> None:
        """Two servers take turns: each minute one is asked to end, or killed, and comes back."""
        with ExitStack() as stack:
            serving = [stack.enter_context(self.world.hub.serving()) for _ in range(2)]
            self.world.addresses += [server.url for server in serving]
            while monotonic() + RESTART_SECONDS < self.ends:
                await asyncio.sleep(RESTART_SECONDS)
                place = self.restarts % 2
                serving[place] = await self._restarted(serving[place], stack)
                self.restarts += 1

    async def _restarted(self, server: Server, stack: ExitStack) -> Server:
        self.world.addresses.remove(server.url)
        if self.restarts % 4 < 2:
            server.process.terminate()
        else:
            server.process.kill()
        await asyncio.to_thread(server.process.wait, 30)
        again = await asyncio.to_thread(stack.enter_context, self.world.hub.serving())
        self.world.addresses.append(again.url)
        return again

    async def come_and_go(self) -> None:
        """Some leave, and come back behind their cursors."""
        async with asyncio.TaskGroup() as group:
            while monotonic() < self.ends:
                for one in random.sample(self.watch.subscribers, LEAVING):
                    group.create_task(self._away(one))
                await asyncio.sleep(CHURN_SECONDS)

    async def _away(self, one: Subscriber) -> None:
        if one.is_away:
            return
        await one.stop()
        await asyncio.sleep(random.uniform(0, LONGEST_AWAY))
        one.start()
        self.comings += 1

    async def look(self) -> None:
        """The memory of the server that stays, every ten seconds."""
        begun = monotonic()
        while monotonic() < self.ends:
            self.memory.append(memory_of(self.world.server))
            print(
                f"{monotonic() - begun:6.0f} s  {self.watch.writers.count:7,} changes  {self.restarts:3} restarts  "
                f"{self.comings:6,} comings  {self.memory[-1]:6.1f} MB",
                flush=True,
            )
            await asyncio.sleep(10)


async def soaked(world: World, minutes: float) -> bool:
    """Runs it all and prints what came of it; answers whether everything held."""
    async with watched(world, SUBSCRIBERS, PER_SECOND, WRITERS) as watch:
        soak = Soak(world, watch, monotonic() + minutes * 60)
        await asyncio.gather(soak.restart_servers(), soak.come_and_go(), soak.look())
    events = await world.happened(watch.cursor)
    tokens = [token for token, _ in events]
    ends = monotonic() + 120
    while monotonic() < ends and any(one.heard[-1:] != tokens[-1:] for one in watch.subscribers):
        await asyncio.sleep(0.2)
    accounts = [account(one.heard, tokens) for one in watch.subscribers]
    lost, doubled = watch.writers.lost_and_doubled([event for _, event in events])
    figures = {
        "changes acknowledged": watch.writers.count,
        "acknowledged changes lost": lost,
        "changes doubled": doubled,
        "events delivered": sum(len(one.heard) for one in watch.subscribers),
        "events lost": sum(one.lost for one in accounts),
        "events repeated": sum(one.repeated for one in accounts),
        "events reordered": sum(one.reordered for one in accounts),
        "subscribers refused": sum(len(one.refusals) for one in watch.subscribers),
        "server restarts": soak.restarts,
        "comings and goings": soak.comings,
    }
    for name, figure in figures.items():
        print(f"{name:28} {figure:12,}")
    is_flat = _is_flat(soak.memory)
    for one in watch.subscribers:
        await one.stop()
    wrong = [name for name in figures if name.split()[-1] in {"lost", "doubled", "repeated", "reordered", "refused"}]
    return is_flat and not any(figures[name] for name in wrong)


def _is_flat(memory: list[float]) -> bool:
    third = max(1, len(memory) // 3)
    second, last = mean(memory[third : 2 * third] or memory), mean(memory[-third:])
    print(f"{'memory, MB: second third':28} {second:12.1f}\n{'memory, MB: last third':28} {last:12.1f}")
    return last <= max(second * 1.1, second + 20)


def main(minutes: float) -> int:
    """Answers the exit status."""
    print(machine(), flush=True)
    with running_set() as (mongod,), running_world(mongod.uri) as world:
        return 0 if asyncio.run(soaked(world, minutes)) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
