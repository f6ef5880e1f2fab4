"""The comparison of a stored customer with its facts, without a database."""

from datetime import timedelta
from typing import Any

import pytest

from domain.entitlements.license_lines import build_license_lines
from store.changes.consistency_check import OVERDUE_AFTER, find_problems
from store.database.client import Document
from tests.store.changes.factory_changes import DAY, NOW, entitlement, partner, stored_customer


def stored(**facts: Any) -> tuple[Document, list[Document], dict[str, Any]]:
    customer, held = stored_customer(entitlement(), at=NOW, **facts)
    return customer, held, dict(build_license_lines(customer, held, NOW))


def test_a_customer_as_it_was_written_has_no_problem() -> None:
    customer, held, lines = stored()
    assert find_problems(customer, held, lines, partner(), NOW) == []
    assert find_problems(customer, held, lines, partner(), NOW + DAY) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"statuses": []}, "statuses is [] and should be ['SUBSCRIPTION']"),
        ({"next_expiry_at": None}, "next_expiry_at is None and should be"),
        ({"name_folded": "x"}, "name_folded is x and should be zenith"),
    ],
)
def test_names_each_field_that_is_wrong(fields: Document, problem: str) -> None:
    customer, held, lines = stored()
    ((description, is_overdue),) = find_problems({**customer, **fields}, held, lines, partner(), NOW)
    assert description.startswith(problem) and not is_overdue


def test_since_and_the_ends_of_renewals_are_compared() -> None:
    customer, held, lines = stored()
    (detail,) = customer["status_details"]
    wrong = {**customer, "status_details": [{**detail, "since": NOW}]}
    ((description, _),) = find_problems(wrong, held, lines, partner(), NOW)
    assert description.startswith("status_details is")
    customer, held = stored_customer(entitlement(auto_renew=True, ends_at=NOW - DAY), at=NOW)
    lines = dict(build_license_lines(customer, held, NOW))
    behind = [{**held[0], "ends_at": NOW - DAY}]
    assert find_problems(customer, behind, lines, partner(), NOW) == [("ends_at of S-1 is amiss", False)]


def test_keys_are_compared_without_their_order() -> None:
    customer, held, lines = stored()
    turned = {**customer, "keys": customer["keys"][::-1]}
    assert find_problems(turned, held, lines, partner(), NOW) == []
    twice = {**customer, "keys": [*customer["keys"], "*"]}
    assert [text for text, _ in find_problems(twice, held, lines, partner(), NOW)] == ["keys [] are amiss"]


def test_lines_that_are_missing_or_left_over_are_named() -> None:
    customer, held, lines = stored()
    (id_,) = lines
    assert find_problems(customer, held, {}, partner(), NOW) == [(f"licence lines ['{id_}'] are amiss", False)]
    more = {**lines, "other": lines[id_]}
    assert find_problems(customer, held, more, partner(), NOW) == [("licence lines ['other'] are amiss", False)]


def test_a_removed_customer_has_no_lines() -> None:
    customer, held, _ = stored(removed_at=NOW - DAY)
    assert find_problems(customer, held, {}, partner(), NOW) == []


def test_the_renewals_of_a_removed_customer_are_not_awaited() -> None:
    facts = entitlement(auto_renew=True, ends_at=NOW + DAY)
    customer, held = stored_customer(facts, at=NOW, removed_at=NOW - DAY)
    assert find_problems(customer, held, {}, partner(), NOW + 2 * DAY) == []
    customer, held = stored_customer(facts, at=NOW)
    later = [text for text, _ in find_problems({**customer, "due_at": None}, held, {}, partner(), NOW + 2 * DAY)]
    assert "ends_at of S-1 is amiss" in later


@pytest.mark.parametrize(
    ("late", "overdue"),
    [(timedelta(0), False), (OVERDUE_AFTER - timedelta(milliseconds=1), False), (OVERDUE_AFTER, True)],
)
def test_a_due_customer_has_a_minute(late: timedelta, overdue: bool) -> None:
    end = NOW + DAY
    customer, held = stored_customer(entitlement(ends_at=end), at=NOW)
    lines = build_license_lines(customer, held, NOW)
    found = find_problems(customer, held, lines, partner(), end + late)
    assert found == ([(f"has been due since {end.isoformat()}Z", True)] if overdue else [])


def test_a_long_value_is_cut() -> None:
    customer, held, lines = stored()
    ((description, _),) = find_problems({**customer, "name_folded": "x" * 900}, held, lines, partner(), NOW)
    assert len(description) < 300 and "…" in description
