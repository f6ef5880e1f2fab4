"""How often Python looks for garbage in a process that reads many documents."""

import gc

# Freshly decoded documents make the collector look often and find nothing: a tenth of a busy process's time. But once
# it looks, it should look at what is older soon too: what has lived through one look, as a socket does, and is garbage
# later was found by the twentieth look at the earliest, and by then made up most of a process's memory. A look at
# everything comes only where a quarter of everything is new, whatever stands here.
_THRESHOLDS = (100_000, 2, 2)


def look_seldom() -> None:
    """For the start of a process: what is there by now lives as long as it does, and need not be looked at again."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
