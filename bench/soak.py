"""A soak test: changes, reconnecting subscribers, and a restart of one server each minute.

`python -m bench.soak [MINUTES]` (30), as `make soak MINUTES=30`. 20 changes a second, 500 subscribers; three servers on
a replica set of one; two of them are restarted in turn, by SIGTERM and by SIGKILL. Limits: no event lost, repeated or
reordered; no acknowledged write lost; the memory of the third server does not grow (in its last third at most 10 %, or
20 MB, more than in its second).
"""

import asyncio
import random
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import mean
from time import monotonic

from tests.faults.deployment import Deployment, Workload, memory_megabytes, running_deployment, running_workload
from tests.faults.event_comparison import compare_delivery
from tests.faults.figures import machine
from tests.faults.subscribers import Subscriber
from tests.mongod import temporary_replica_set
from tests.server_process import ServerProcess

SUBSCRIBERS, PER_SECOND, WRITERS = 500, 20.0, 20
RESTART_SECONDS, CHURN_SECONDS = 60.0, 1.0
# The number of subscribers that disconnect each second and reconnect to another server some seconds later.
RECONNECTS_PER_ROUND, MAX_AWAY_SECONDS = 5, 8.0


@dataclass
class Soak:
    """The concurrent activities and their measurements."""

    deployment: Deployment
    workload: Workload
    ends: float
    restarts: int = 0
    reconnects: int = 0
    memory: list[float] = field(default_factory=list)

    async def restart_servers(self) -> None:
        """Stop or kill one of two servers in turn each minute, and restart it."""
        with ExitStack() as stack:
            serving = [stack.enter_context(self.deployment.harness.start_server()) for _ in range(2)]
            self.deployment.addresses += [server.url for server in serving]
            while monotonic() + RESTART_SECONDS < self.ends:
                await asyncio.sleep(RESTART_SECONDS)
                place = self.restarts % 2
                serving[place] = await self._restart(serving[place], stack)
                self.restarts += 1

    async def _restart(self, server: ServerProcess, stack: ExitStack) -> ServerProcess:
        self.deployment.addresses.remove(server.url)
        if self.restarts % 4 < 2:
            server.process.send_signal(signal.SIGTERM)
        else:
            server.process.kill()
        await asyncio.to_thread(server.process.wait, 30)
        again = await asyncio.to_thread(stack.enter_context, self.deployment.harness.start_server())
        self.deployment.addresses.append(again.url)
        return again

    async def reconnect_subscribers(self) -> None:
        """Disconnect some subscribers, and reconnect them after their cursors."""
        async with asyncio.TaskGroup() as group:
            while monotonic() < self.ends:
                for one in random.sample(self.workload.subscribers, RECONNECTS_PER_ROUND):
                    group.create_task(self._reconnect(one))
                await asyncio.sleep(CHURN_SECONDS)

    async def _reconnect(self, one: Subscriber) -> None:
        if one.is_stopped:
            return
        await one.stop()
        await asyncio.sleep(random.uniform(0, MAX_AWAY_SECONDS))
        one.start()
        self.reconnects += 1

    async def record_memory(self) -> None:
        """Record the memory of the third server every ten seconds."""
        begun = monotonic()
        while monotonic() < self.ends:
            self.memory.append(memory_megabytes(self.deployment.server))
            print(
                f"{monotonic() - begun:6.0f} s  {self.workload.writers.count:7,} changes  {self.restarts:3} restarts  "
                f"{self.reconnects:6,} reconnects  {self.memory[-1]:6.1f} MB",
                flush=True,
            )
            await asyncio.sleep(10)


async def run_soak(deployment: Deployment, minutes: float) -> bool:
    """Run everything and print the results; return whether all limits hold."""
    async with running_workload(deployment, SUBSCRIBERS, PER_SECOND, WRITERS) as workload:
        soak = Soak(deployment, workload, monotonic() + minutes * 60)
        await asyncio.gather(soak.restart_servers(), soak.reconnect_subscribers(), soak.record_memory())
    events = await deployment.events_after(workload.cursor)
    tokens = [token for token, _ in events]
    ends = monotonic() + 120
    while monotonic() < ends and any(one.received_tokens[-1:] != tokens[-1:] for one in workload.subscribers):
        await asyncio.sleep(0.2)
    accounts = [compare_delivery(one.received_tokens, tokens) for one in workload.subscribers]
    lost, doubled = workload.writers.count_lost_and_duplicated([event for _, event in events])
    figures = {
        "changes acknowledged": workload.writers.count,
        "acknowledged changes lost": lost,
        "changes doubled": doubled,
        "events delivered": sum(len(one.received_tokens) for one in workload.subscribers),
        "events lost": sum(one.lost for one in accounts),
        "events repeated": sum(one.repeated for one in accounts),
        "events reordered": sum(one.reordered for one in accounts),
        "subscribers refused": sum(len(one.error_codes) for one in workload.subscribers),
        "server restarts": soak.restarts,
        "reconnects": soak.reconnects,
    }
    for name, figure in figures.items():
        print(f"{name:28} {figure:12,}")
    is_flat = _is_flat(soak.memory)
    for one in workload.subscribers:
        await one.stop()
    wrong = [name for name in figures if name.split()[-1] in {"lost", "doubled", "repeated", "reordered", "refused"}]
    return is_flat and not any(figures[name] for name in wrong)


def _is_flat(memory: list[float]) -> bool:
    third = max(1, len(memory) // 3)
    second, last = mean(memory[third : 2 * third] or memory), mean(memory[-third:])
    print(f"{'memory, MB: second third':28} {second:12.1f}\n{'memory, MB: last third':28} {last:12.1f}")
    return last <= max(second * 1.1, second + 20)


def main(minutes: float) -> int:
    """Return the exit status."""
    print(machine(), flush=True)
    with temporary_replica_set() as (mongod,), running_deployment(mongod.uri, is_forked=False) as deployment:
        return 0 if asyncio.run(run_soak(deployment, minutes)) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
