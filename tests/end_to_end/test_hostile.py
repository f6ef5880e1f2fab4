"""No hostile request or connection costs much: the cases of bench/hostile.py, with generous limits on time."""

from bench.hostile import MAX_FLOOD_MEMORY_MB, MAX_MEMORY_MB, SMALL_BYTES, Result, print_results, running_target
from bench.hostile_cases import CASES

# Five times what the bench allows: other tests use the same processors.
MAX_CPU_MS = 1_500.0
CUSTOMERS = 300


def is_expensive(result: Result) -> bool:
    max_memory = MAX_MEMORY_MB if result.bytes < SMALL_BYTES else MAX_FLOOD_MEMORY_MB
    return result.cpu_ms > MAX_CPU_MS or result.memory_mb > max_memory


def test_no_hostile_request_costs_much(mongo_uri: str, database_name: str) -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    with running_target(mongo_uri, database_name, CUSTOMERS) as target:
        results = [target.run(case) for case in CASES]
    print_results(results)
    assert [result for result in results if is_expensive(result)] == []
    # No request makes the server fail.
    assert [result for result in results if result.answer.startswith("5")] == []
