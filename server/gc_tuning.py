"""Thresholds of Python's garbage collector for a process that decodes many documents."""

import gc

# With the default thresholds, decoded documents trigger collections that free nothing: 10 % of a busy process's time.
# Large ones block everybody: of 20,000 new objects for 10 to 40 ms on a slow machine, of six times as many for 60 to
# 120 ms, which 190 sockets that open together have. With these thresholds, a collection takes 6 ms and every third
# 29 ms (42 at most), because operations and events leave no cycles (docs/decisions/0016). A full one comes after about
# a million more objects. The older generations are collected, too: objects that survive one collection, such as
# sockets, and become garbage later once made up most of a process's memory.
_THRESHOLDS = (10_000, 2, 40)


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
