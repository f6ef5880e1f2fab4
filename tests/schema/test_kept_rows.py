"""Rows that a kept subscription or trial keeps change at no other moment than the declared one."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLObjectType
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from domain.entitlements.lifecycle import Entitlement
from domain.time.instants import MAX_INSTANT
from execution.metadata import KEPT_ROWS, field_execution
from schema.build import build_schema
from store.entitlements.documents import EntitlementDocument
from tests.domain.entitlements.factory_entitlements import MS, entitlements, instants

TYPES = [each for each in build_schema()._schema.type_map.values() if KEPT_ROWS in getattr(each, "extensions", {})]
FIELDS = [
    (each, name, execution.each)
    for each in TYPES
    if isinstance(each, GraphQLObjectType)
    for name, field in each.fields.items()
    if (execution := field_execution(field)).is_timed
]


def test_fields_that_change_with_time_are_declared() -> None:
    names = {name for _, name, _ in FIELDS}
    assert {"state", "endsAt"} <= names
    assert "daysRemaining" not in names


@given(entitlements(), instants, st.sampled_from(FIELDS))
def test_a_timed_field_stays_until_the_declared_moment(facts: Entitlement, now: datetime, field: Any) -> None:
    graphql_type, _, each = field
    document = EntitlementDocument({**asdict(facts), "_id": facts.id})
    changes_at = graphql_type.extensions[KEPT_ROWS].changes_at(document, now)
    if changes_at != MAX_INSTANT:
        at_first, at_last = (
            each(SimpleNamespace(scope=SimpleNamespace(now=at)), document) for at in (now, changes_at - MS)
        )
        assert at_first == at_last
