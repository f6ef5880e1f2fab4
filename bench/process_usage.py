"""What a process has used, as Linux reports it in /proc: CPU time and resident memory."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of the process so far, user and system, in seconds; the resolution is 10 ms."""
    # The second field is the name of the program in parentheses; it can contain spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user_ticks, system_ticks = int(fields[11]), int(fields[12])
    return (user_ticks + system_ticks) / _TICKS_PER_SECOND


def memory_kilobytes(pid: int) -> int:
    """Return the resident memory of the process in kB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES // 1024
