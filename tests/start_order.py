"""The order in which the workers of pytest-xdist run the tests: each starts with a part of the long ones.

With `--dist worksteal` each worker gets a contiguous part of the tests, and takes half of what another has left when it
has none. If one worker had all long tests, it would run them alone at the end, while the other processors are idle.
"""

import os
from collections.abc import Iterator, Sequence

import pytest

# The tests that take seconds, the longest first. What starts servers, browsers and programs is on two workers only:
# more of it at one time would slow all of it.
_LONG = (
    ("tests/end_to_end", "tests/faults"),
    ("tests/web", "tests/server/cli", "tests/store/embedded", "tests/test_wheel.py"),
    ("tests/reference", "tests/server/http/test_schemathesis.py", "tests/store/customers/test_lists.py"),
    ("tests/execution/test_differential.py", "tests/jobs/imports/test_renewal_orders.py", "tests/sample"),
)


def start_with_long_tests(items: list[pytest.Item]) -> None:
    """Sort the tests so that the part of each worker starts with long ones."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, names in enumerate(_LONG):
        long[number % workers] += [item for name in names for item in items if item.nodeid.startswith(name)]
    chosen = {id(item) for part in long for item in part}
    others = [item for item in items if id(item) not in chosen]
    items[:] = _parts(long, others, len(items))


def _parts(long: Sequence[list[pytest.Item]], others: list[pytest.Item], total: int) -> Iterator[pytest.Item]:
    """Yield the part of each worker: its long tests, then others, up to its share of the total."""
    taken, left = 0, total
    for number, part in enumerate(long):
        share = max(0, left // (len(long) - number) - len(part))
        yield from part
        yield from others[taken : taken + share]
        taken, left = taken + share, left - share - len(part)
    yield from others[taken:]
