"""No hostile request or connection costs much: cases of bench/hostile.py, with generous limits on time.

`make test` runs a third of the cases of each kind, `make test-faults` all of them.
"""

from itertools import groupby

from bench.hostile import (
    MAX_FLOOD_MEMORY_MB,
    MAX_MEMORY_MB,
    SMALL_BYTES,
    Result,
    Target,
    print_results,
    running_target,
)
from bench.hostile_cases import Case
from bench.more_hostile_cases import all_cases
from tests.faults.scale import IS_LONG

# Three to ten times what the bench allows, in the best of three attempts: other tests use the same processors.
MAX_CPU_MS, MAX_REFUSED_CPU_MS, MAX_BLOCKED_MS = 1_500.0, 150.0, 1_000.0
ATTEMPTS = 3
CUSTOMERS = 300


def is_expensive(result: Result) -> bool:
    max_cpu = MAX_REFUSED_CPU_MS if result.is_refused else MAX_CPU_MS
    max_memory = MAX_MEMORY_MB if result.bytes < SMALL_BYTES else MAX_FLOOD_MEMORY_MB
    return result.cpu_ms > max_cpu or result.memory_mb > max_memory or result.blocked_ms > MAX_BLOCKED_MS


def kind(case: Case) -> str:
    """Return what is before the colon: what the case attacks."""
    return case.name.partition(":")[0]


def choose(cases: list[Case]) -> list[Case]:
    """Return every third case of each kind, in their order; all of them in a long run."""
    kinds = [list(group) for _, group in groupby(sorted(cases, key=kind), kind)]
    return cases if IS_LONG else [case for group in kinds for case in group[::3]]


def run(target: Target, case: Case) -> Result:
    """Return the first attempt that is within the limits, or the last one."""
    result = target.run(case)
    for _ in range(ATTEMPTS - 1):
        if is_expensive(result):
            result = target.run(case)
    return result


def test_no_hostile_request_costs_much(mongo_uri: str, database_name: str) -> None:
    cases = all_cases()
    assert len(cases) >= 200
    assert len({case.name for case in cases}) == len(cases)
    with running_target(mongo_uri, database_name, CUSTOMERS) as target:
        results = [run(target, case) for case in choose(cases)]
    assert len(results) >= 60
    print_results(results)
    assert [result for result in results if is_expensive(result)] == []
    # No request makes the server fail.
    assert [result for result in results if result.answer.startswith("5")] == []
