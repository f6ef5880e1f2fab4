"""How often Python looks for garbage in a process that reads many documents."""

import gc

# Freshly decoded documents make the collector look often and find nothing: a tenth of a busy process's time. But a look
# at 100,000 new objects holds everything up for 40 ms, and at thrice as many for 180: that was the p99 of 3,000
# subscribers. This is 4 to 7 ms, every few seconds, as operations and events leave nothing to it (docs/decisions/0016).
# What is older is looked at soon enough too: what has lived through one look, as a socket does, and is garbage later
# once made up most of a process's memory.
_THRESHOLDS = (20_000, 5, 10)


def tune_gc() -> None:
    """For the start of a process: what is there by now lives as long as it does, and need not be looked at again."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
