"""How fast this machine is at the moment: limits of processor time hold for a usual one, and tests meet slow ones, too.

The machines that run the tests differ by more than two times, and the same one at different moments, too: another
guest of its host takes the caches and the boost of a core.
"""

from time import thread_time

_ADDITIONS = 200_000
# What the additions take on the machine that the limits were written for.
_USUAL_SECONDS = 0.013


def is_below(seconds: float, usual: float) -> bool:
    """Return whether this processor time is below `usual`, a limit in seconds, or what that is on a machine as slow."""
    return seconds < usual or seconds < usual * slowness()


def slowness() -> float:
    """Return how many times longer than usual the same work takes at the moment, at least 1."""
    return max(1.0, min(_seconds_of_additions() for _ in range(3)) / _USUAL_SECONDS)


def _seconds_of_additions() -> float:
    began, total = thread_time(), 0
    for number in range(_ADDITIONS):
        total += number
    return thread_time() - began
