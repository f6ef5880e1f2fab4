"""What a process has used, as Linux reports it in /proc: CPU time and memory; and the cores that processes run on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SERVER_CORE, OTHER_CORE = 0, 1
# Those that this program was started on: within `pinned`, a process has only one of them.
_CORES = os.sched_getaffinity(0)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of the process so far, user and system, in seconds; the resolution is 10 ms."""
    # The second field is the name of the program in parentheses; it can contain spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user_ticks, system_ticks = int(fields[11]), int(fields[12])
    return (user_ticks + system_ticks) / _TICKS_PER_SECOND


def precise_cpu_seconds(pid: int) -> float:
    """Return the CPU time of the process's living threads so far, user and system, in seconds."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}").glob("task/*/schedstat")) / 1e9


def memory_kilobytes(pid: int) -> int:
    """Return the resident memory of the process in kB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES // 1024


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Let this process, and those that it starts in the block, run on one core only; blocks can be nested.

    Nothing changes where the program has fewer cores.
    """
    before = os.sched_getaffinity(0)
    if {SERVER_CORE, OTHER_CORE} <= _CORES:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
