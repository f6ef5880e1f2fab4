"""Texts that are expensive to normalize, fold or compare, and the time that one piece of work may take."""

from collections.abc import Callable
from time import thread_time
from typing import TypeVar

from tests.machine_speed import is_below

Result = TypeVar("Result")
MEBIBYTE = 1 << 20
# Processor time for one text: the limit of the requirements.
MAX_SECONDS = 0.1
WORST_TEXTS = {
    "combining marks": "\u0323\u0301",
    "marks without a class": "\u0f73",
    "decomposed letters": "e\u0323\u0302",
    "confusables": "\u0430\u217d\uff41",
    "joiners": "a\u200d\u200c\u00ad",
    "Han": "\u6f22\U0002f80f",
    "long compatibility forms": "\ufdfa",
    "Hangul": "\u1112\u1161\u11ab",
    "white space": " \u3000\u2028",
    "ASCII": "x",
    "digits": "9",
    "line breaks": "a\r\n",
    "quotes": '"\\',
}


def run_at_once(work: Callable[[], Result]) -> Result:
    """Return what the work returns; assert that it takes little processor time in one of three runs.

    The first run can include imports, caches that are filled, and a run of the garbage collector.
    """
    seconds = []
    for _ in range(3):
        began = thread_time()
        result = work()
        seconds.append(thread_time() - began)
        if is_below(seconds[-1], MAX_SECONDS):
            return result
    raise AssertionError(f"This took {seconds} seconds.")


def worst_text(name: str, length: int) -> str:
    """Return the text of `WORST_TEXTS` at a length in characters."""
    unit = WORST_TEXTS[name]
    return (unit * (length // len(unit) + 1))[:length]
