"""How often Python looks for garbage in a process that reads many documents."""

import gc

# Freshly decoded documents make the collector look often and find nothing: a tenth of a busy process's time.
_THRESHOLDS = (100_000, 20, 100)


def look_seldom() -> None:
    """For the start of a process: what is there by now lives as long as it does, and need not be looked at again."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
