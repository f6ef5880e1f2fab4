"""The index against plain Python: any filter over any customers, after any changes of them."""

import asyncio
import random
from collections.abc import Generator
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.customers.conditions import AllOf
from domain.customers.filter import parse_filter
from domain.customers.kpis import KpiKind
from domain.types import AnalyticsProduct, PartnerRole
from store.counts.condition_bitmaps import count_facets, count_matches
from store.counts.counted_customer import CountedCustomer
from store.counts.customer_index import CustomerIndex
from store.counts.segments import Segment, merge_in_steps
from store.database.scope import Scope
from tests import random_values as rv
from tests.random_values import seeded
from tests.store.counts.factory_counts import (
    condition_of_kpi,
    count_plainly,
    counted_document,
    facets_plainly,
    without_zeros,
)
from tests.store.customers.factory_filters import filters, is_valid_filter
from tests.store.customers.factory_lists import ADMINISTRATORS, NOW

CUSTOMERS = 16
kpis = st.none() | st.tuples(st.sampled_from(KpiKind), st.none() | st.sampled_from(AnalyticsProduct))
viewers = st.none() | st.sampled_from(ADMINISTRATORS)


def changed_index(rng: random.Random) -> tuple[CustomerIndex, list[dict[str, Any]]]:
    """Return an index of customers of which some changed and some were removed, and their documents."""
    index, documents, merging = CustomerIndex(), dict[str, dict[str, Any]](), _Merging(rng)
    for number in range(CUSTOMERS):
        facts = {"_id": rng.choice(list(documents))} if documents and rng.random() < 0.3 else {}
        document = counted_document(rng, number, **facts)
        documents[document["_id"]] = document
        put = index.put if rng.random() < 0.6 else index.put_unread
        put(document["_id"], CountedCustomer.from_document(document))
        if rng.random() < 0.15:
            removed = rng.choice(list(documents))
            del documents[removed]
            index.remove(removed)
        index.settle(rng.randrange(2, 12))
        merging.go_on(index)
    index.finish_segment()
    return index, list(documents.values())


class _Merging:
    """A merge of some segments, some steps between two changes."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._segments: list[Segment] = []
        self._steps: Generator[None, None, Segment] = merge_in_steps([])

    def go_on(self, index: CustomerIndex) -> None:
        """Make some steps; replace the segments after the last one."""
        if not self._segments and len(index._segments) > 1:
            self._segments = self._rng.sample(index._segments, self._rng.randrange(2, len(index._segments) + 1))
            self._steps = merge_in_steps(self._segments)
        try:
            for _ in range(self._rng.randrange(40)):
                next(self._steps)
        except StopIteration as ended:
            if self._segments:
                index.replace_segments(self._segments, ended.value)
            self._segments = []


def scope_of(administrator_id: str | None) -> Scope:
    client: Any = None
    return Scope(client, "acme", NOW, administrator_id, PartnerRole.ADMINISTRATOR if administrator_id else None)


def test_index_and_plain_python_agree() -> None:
    with asyncio.Runner() as runner:

        @settings(max_examples=120)
        @given(rv.randoms(), seeded(rv.lists(filters, min_size=1, max_size=2)), kpis, viewers)
        def agree(rng: random.Random, raws: list[dict[str, Any]], kpi: Any, viewer: str | None) -> None:
            assume(all(map(is_valid_filter, raws)))
            index, documents = changed_index(random.Random(rng.random()))
            scope = scope_of(viewer)
            for raw in raws:
                parts = () if kpi is None else (condition_of_kpi(*kpi),)
                condition = AllOf((*parts, *parse_filter(raw).conditions))
                counted = runner.run(count_matches(index, scope, condition))
                assert counted == count_plainly(documents, condition, viewer)
                facets = runner.run(count_facets(index, scope, condition))
                assert without_zeros(facets) == facets_plainly(documents, condition, viewer)

        agree()


def test_a_worn_index_says_so() -> None:
    index, rng = CustomerIndex(), random.Random(1)
    documents = [counted_document(rng, number) for number in range(3)]
    customers = [CountedCustomer.from_document(document) for document in documents]
    for _ in range(301):
        assert not index.is_worn
        for document, customer in zip(documents, customers, strict=True):
            index.put(document["_id"], customer)
        index.settle(2)
    assert index.is_worn
    assert len(index.everyone) == 3


def test_many_small_segments_become_few() -> None:
    index, rng = CustomerIndex(), random.Random(1)
    customers = [CountedCustomer.from_document(counted_document(rng, number)) for number in range(50)]
    most = 0
    for number in range(40_000):
        # Half of the customers change again and again.
        index.put(f"cus_{rng.choice([number, number % 1_000])}", customers[number % 50])
        if index.settle():
            most = max(most, len(index._segments))
            while small := index.find_small_segments():
                index.replace_segments(small, _finish(merge_in_steps(small)))
    assert 16 <= most <= 25
    assert sum(segment.size for segment in index._segments) < 1.5 * len(index.everyone)
    assert sum(len(segment.owners) for segment in index._segments) + len(index._recent) == len(index.everyone)


def _finish(steps: Generator[None, None, Segment]) -> Segment:
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            merged: Segment = ended.value
            return merged


def test_bytes_grow_with_customers() -> None:
    small, large, rng = CustomerIndex(), CustomerIndex(), random.Random(1)
    customers = [CountedCustomer.from_document(counted_document(rng, number)) for number in range(200)]
    for index, count in ((small, 20), (large, 2_000)):
        for number in range(count):
            index.put(f"cus_{number}", customers[number % 200])
            index.settle()
    assert small.bytes < large.bytes < 2_000 * 1_000
