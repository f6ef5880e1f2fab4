"""Thresholds of Python's garbage collector for a process that decodes many documents."""

import gc

# With the default thresholds, decoded documents trigger collections that free nothing: 10 % of a busy process's time.
# A collection of 100,000 new objects blocks the process for 40 ms, and of 300,000 for 180 ms: the p99 of 3,000
# subscribers. With these thresholds it is 4 to 7 ms every few seconds, because operations and events leave no cycles
# (docs/decisions/0016). The older generations are collected often too: objects that survive one collection, such as
# sockets, and become garbage later once made up most of a process's memory.
_THRESHOLDS = (20_000, 5, 10)


def pause_gc() -> None:
    """Collect nothing until `tune_gc`, while the process imports its modules and builds its schema.

    That leaves almost no garbage, and to look for it takes 9 % of the processor time until a server is ready.
    """
    gc.disable()


def tune_gc() -> None:
    """Collect with these thresholds; exclude the objects that exist now, which are permanent."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
