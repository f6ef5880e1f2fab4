"""Random operations have the same result on graphql-core's executor and on the compiled one.

PARTNERHUB_DIFFERENTIAL=100000 compares that many more, with a plain random generator (docs/execution.md).
"""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest
from graphql import DocumentNode, parse, validate
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.execution.comparison import STOCK, Request, differences, own_collection
from tests.execution.executors import COMPILED, last_fallback
from tests.execution.factory_operations import OperationMaker, RandomChoices, RandomOperation
from tests.execution.factory_schema import feature_schema
from tests.execution.factory_values import World

# Each document runs in some worlds: later runs find its plan in the cache.
DOCUMENTS, WORLDS, BATCH = 500, 4, 10
# How likely each value is a failure, a wrong one, or null.
FAILURES = (0.0, 0.01, 0.05)
MINIMUM_COMPILED = 0.95
_NUMBERS = [st.integers(0, max(limit, 1) - 1) for limit in range(200)]


class Case(NamedTuple):
    """An operation, its document, and the world that decides what its resolvers return."""

    operation: RandomOperation
    document: DocumentNode
    seed: int
    failures: float


class DrawnChoices:
    """Choices of hypothesis, which so finds a small operation that fails."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1."""
        return self._draw(_NUMBERS[limit])


def make_operation(choices: Any) -> RandomOperation:
    """Return a query, or in one of eight cases a mutation."""
    return OperationMaker(feature_schema(), choices).make("query" if choices.below(8) else "mutation")


@st.composite
def cases(draw: Any) -> Case:
    """Draw an operation and a world."""
    operation = make_operation(DrawnChoices(draw))
    return Case(operation, parse(operation.text), draw(st.integers(0, 2**31)), draw(st.sampled_from(FAILURES)))


class Comparer:
    """Compares cases, and counts how they ran."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    async def compare(self, case: Case) -> None:
        """Fail where the results differ."""
        schema = feature_schema()
        request = Request(
            schema,
            case.document,
            case.operation.variables,
            lambda: World(schema, case.seed, case.failures),
        )
        expected = await request.run(STOCK)
        actual = await request.run(COMPILED)
        reason = last_fallback()
        found = await differences(request, expected, actual)
        self.counts["forgotten"] += bool(actual.forgotten) and reason is None
        self.counts.update({"all": 1, "compiled": reason is None, "at once": expected.at_once})
        self.counts["waited"] += not expected.at_once
        self.counts["with errors"] += bool(expected.result.errors)
        if reason is not None:
            self.counts[f"fallback: {reason}"] += 1
        assert not found, "\n".join([case.operation.text, str(case.operation.variables), *found])


def test_random_operations_are_valid() -> None:
    for number in range(60):
        operation = make_operation(RandomChoices(1_000_000 + number))
        assert validate(feature_schema(), parse(operation.text)) == [], operation.text


def _compare(number: int, worlds: int, comparer: Comparer, runner: asyncio.Runner) -> None:
    """Compare one document in several worlds."""
    random = Random(number)
    operation = make_operation(RandomChoices(number))
    document = parse(operation.text)
    for _ in range(worlds):
        runner.run(comparer.compare(Case(operation, document, random.randrange(2**31), random.choice(FAILURES))))


def test_random_operations_have_equal_results() -> None:
    comparer = Comparer()
    with asyncio.Runner() as runner, own_collection():

        @settings(max_examples=DOCUMENTS // BATCH, phases=[Phase.generate], database=None)
        @given(st.integers(0, 2**40))
        def compare(number: int) -> None:
            for document in range(number, number + BATCH):
                _compare(document, WORLDS, comparer, runner)
            gc.collect()
            # What is left is cached plans, which the next collection need not look at again.
            gc.freeze()

        compare()
    counts = comparer.counts
    assert counts["all"] >= DOCUMENTS * WORLDS
    assert counts["compiled"] >= MINIMUM_COMPILED * counts["all"], counts
    assert counts["forgotten"] == 0, counts
    # Most are not trivial: each of these is a fifth at least.
    assert min(counts["with errors"], counts["at once"], counts["waited"]) >= counts["all"] / 5, counts


def test_drawn_operations_have_equal_results() -> None:
    """As above, with operations that hypothesis can make smaller; that takes ten times as long."""
    comparer = Comparer()
    with asyncio.Runner() as runner, own_collection():

        @settings(max_examples=12, phases=[Phase.generate, Phase.shrink], database=None)
        @given(cases())
        def compare(case: Case) -> None:
            runner.run(comparer.compare(case))

        compare()


@pytest.mark.parametrize("count", [int(os.environ.get("PARTNERHUB_DIFFERENTIAL", "0"))])
def test_more_random_operations_have_equal_results(count: int) -> None:
    comparer, seed = Comparer(), int(os.environ.get("PARTNERHUB_DIFFERENTIAL_SEED", "1"))
    with asyncio.Runner() as runner, own_collection():
        for number in range(seed, seed + count // WORLDS):
            _compare(number, WORLDS, comparer, runner)
            gc.collect()
    assert comparer.counts["compiled"] >= MINIMUM_COMPILED * comparer.counts["all"], comparer.counts


def test_no_coroutine_is_forgotten_in_a_cycle_of_garbage() -> None:
    schema = feature_schema()
    with asyncio.Runner() as runner, own_collection() as forgotten:
        for number in range(60):
            operation = make_operation(RandomChoices(number))
            document = parse(operation.text)
            runner.run(Request(schema, document, operation.variables, lambda: World(schema, 7, 0.05)).run(COMPILED))
    assert forgotten == []
