"""Each worker of pytest-xdist gets its share of the tests, and starts with its part of the long ones."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.start_order import start_with_long_tests

LONG = ("tests/end_to_end/test_a.py", "tests/web/test_b.py", "tests/reference/test_c.py", "tests/sample/test_d.py")


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 7])
def test_every_worker_starts_with_its_long_tests(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", str(workers))
    names = [*(f"tests/domain/test_{number}.py" for number in range(97)), *LONG]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    given = {id(item): item for item in items}
    start_with_long_tests(items)
    assert {id(item) for item in items} == given.keys() and len(items) == len(names)
    starts, left = [0], len(items)
    for worker in range(workers - 1):
        # As xdist divides them: see _parts.
        share = left // (workers - worker)
        starts.append(starts[-1] + share)
        left -= share
    expected = [[name for place, name in enumerate(LONG) if place % workers == worker] for worker in range(workers)]
    found = [
        [item.nodeid for item in items[start : start + len(long)]] for start, long in zip(starts, expected, strict=True)
    ]
    assert found == expected
