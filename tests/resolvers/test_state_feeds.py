"""When the feeds of states read again, and when they end."""

from types import SimpleNamespace
from typing import Any

import pytest

from domain.failures import BulkJobNotFound
from domain.partner.bulk_jobs import BulkJobState
from domain.types import ActivityKind
from resolvers.bulk_job_feeds import BULK_JOB
from resolvers.kpis import KPIS_CHANGED
from tests.resolvers.factory_feeds import event


def job(state: BulkJobState) -> Any:
    return SimpleNamespace(state=state)


@pytest.mark.parametrize("state", list(BulkJobState))
def test_the_feed_of_a_bulk_job_ends_with_it(state: BulkJobState) -> None:
    assert BULK_JOB.is_final(job(state)) is (state is not BulkJobState.RUNNING)


async def test_the_feed_of_a_bulk_job_that_does_not_exist_fails() -> None:
    async def find_nothing(_id: str) -> None:
        return None

    context: Any = SimpleNamespace(loaders=SimpleNamespace(bulk_jobs=SimpleNamespace(load=find_nothing)))
    with pytest.raises(BulkJobNotFound):
        await BULK_JOB.read(context, id="job_1")


def test_the_feed_of_kpis_never_ends() -> None:
    figures: Any = SimpleNamespace()
    assert not KPIS_CHANGED.is_final(figures)


@pytest.mark.parametrize("kind", list(ActivityKind))
def test_a_bulk_job_is_read_after_events_about_tags_of_customers(kind: ActivityKind) -> None:
    expected = kind in {ActivityKind.TAGS_ASSIGNED, ActivityKind.TAGS_REMOVED}
    assert BULK_JOB.is_affected(event(kind=str(kind))) is expected


@pytest.mark.parametrize(
    ("kind", "customer_id", "expected"),
    [
        (ActivityKind.STATUS_CHANGED, "cus_1", True),
        (ActivityKind.SETTINGS_CHANGED, None, True),
        (ActivityKind.TAG_CREATED, None, False),
        (ActivityKind.ADMINISTRATOR_REMOVED, None, False),
    ],
)
def test_kpis_are_read_after_events_about_customers_and_settings(
    kind: ActivityKind, customer_id: str | None, expected: bool
) -> None:
    assert KPIS_CHANGED.is_affected(event(kind=str(kind), customer_id=customer_id)) is expected


def test_intervals_are_those_that_the_schema_promises() -> None:
    assert (BULK_JOB.min_interval, KPIS_CHANGED.min_interval) == (0.25, 1.0)
