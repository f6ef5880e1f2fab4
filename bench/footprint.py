"""The memory of an idle server, and the time from its start until it is ready, beside a running mongod.

`python -m bench.footprint [STARTS]` (5). The database exists; `serve` starts as an operator starts it, alone on one
core. Ready is the answer 200 of /readyz. Memory is measured after ten seconds: resident, and proportional (pages that
are shared with other processes count in part). The medians are printed. Limits: 90 MB resident, 2 s of wall-clock
time; on a busy machine its processor time says more.
"""

import sys
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import NamedTuple

from bench.process_usage import OTHER_CORE, SERVER_CORE, pinned, precise_cpu_seconds
from bench.rows import Row, markdown
from tests.mongod import temporary_replica_set
from tests.server_process import ServerHarness

MAX_MEGABYTES, MAX_SECONDS, STARTS, IDLE_SECONDS = 90, 2.0, 5, 10.0


class Footprint(NamedTuple):
    """Seconds until ready, processor seconds until then, and megabytes when idle: resident and proportional."""

    seconds: float
    cpu: float
    resident: float
    proportional: float


def start_once(harness: ServerHarness) -> Footprint:
    """Start a server, and stop it when it has been idle."""
    began = perf_counter()
    with pinned(SERVER_CORE), harness.start_server() as server:
        seconds, cpu = perf_counter() - began, precise_cpu_seconds(server.process.pid)
        sleep(IDLE_SECONDS)
        return Footprint(seconds, cpu, *_megabytes(server.process.pid))


def _megabytes(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    return kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024


def measure(starts: int = STARTS) -> list[Row]:
    """Return the two rows."""
    with pinned(OTHER_CORE), temporary_replica_set() as (mongod,):
        harness = ServerHarness(mongod.uri, "bench_footprint", is_forked=False)
        harness.make_partner()
        all_starts = [start_once(harness) for _ in range(starts)]
    seconds, cpu, resident, proportional = (median(figures) for figures in zip(*all_starts, strict=True))
    memory, start = f"{resident:.0f} MB", f"{seconds:.2f} s"
    return [
        Row(
            "idle server",
            "",
            f"≤ {MAX_MEGABYTES} MB",
            memory,
            resident <= MAX_MEGABYTES,
            remark=f"PSS {proportional:.0f} MB",
        ),
        Row(
            "start until ready",
            "",
            f"≤ {MAX_SECONDS:g} s",
            start,
            seconds <= MAX_SECONDS,
            remark=f"{cpu:.2f} s of processor time",
        ),
    ]


if __name__ == "__main__":
    print(markdown(measure(int(sys.argv[1]) if len(sys.argv) > 1 else STARTS)))
