"""Which alerts events open, resolve and remove: the rules of domain.md, without a database."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from hypothesis import given, settings

from domain.customers.filter import parse_filter
from domain.integrations.alert_changes import AlertChanges, CustomerOccurrence, RuleCondition, TrackedAlert
from tests import random_values as rv
from tests.random_values import seeded

NOW = datetime(2026, 11, 29, 12)
STATUSES = ("EXPIRED", "TRIAL")
CUSTOMERS = ("cus_1", "cus_2")


class Facts(NamedTuple):
    """A customer as rules read it."""

    keys: frozenset[str]
    words: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_administrator_sign_in_at: datetime | None = None

    def is_visible_to(self, administrator_id: str | None, _now: datetime) -> bool:
        return administrator_id is None or f"administrator:{administrator_id}" in self.keys


def rule(id_: str = "alr_1", owner: str = "adm_1", **fields: Any) -> RuleCondition:
    given_filter = parse_filter(fields.pop("filter", None))
    defaults = {"restricted_to": None, "statuses": frozenset(STATUSES)}
    return RuleCondition(id_, owner, customers=given_filter, **{**defaults, **fields})


def event(minute: int, entered: str = "", left: str = "", **fields: Any) -> CustomerOccurrence:
    held = [f"status:{status}" for status in entered.split()]
    facts = Facts(frozenset([*held, *fields.pop("keys", ())]))
    at = NOW + timedelta(minutes=minute)
    given_fields = {"customer_id": "cus_1", "facts": facts, **fields}
    return CustomerOccurrence(at=at, entered=entered.split(), left=left.split(), **given_fields)


def apply(rules: list[RuleCondition], *events: CustomerOccurrence, stored: list[TrackedAlert] | None = None) -> Any:
    changes = AlertChanges.begin(rules, stored or [], NOW)
    for each in events:
        changes.apply(each)
    return changes


def held(changes: AlertChanges) -> list[tuple[str, str, str]]:
    return sorted(key for alerts in changes.held.values() for key in alerts)


def test_a_customer_that_enters_a_watched_status_opens_an_alert_for_each_rule_that_covers_it() -> None:
    rules = [
        rule("alr_1"),
        rule("alr_2", statuses=frozenset({"SUSPENDED"})),
        rule("alr_3", filter={"country": ["DE"]}),
        rule("alr_4", filter={"country": ["FR"]}),
        rule("alr_5", is_active=False),
        rule("alr_6", restricted_to="adm_6"),
        rule("alr_7", restricted_to="adm_7"),
    ]
    changes = apply(rules, event(0, "EXPIRED", keys=["country:DE", "administrator:adm_7"]))
    assert [key[0] for key in held(changes)] == ["alr_1", "alr_3", "alr_7"]
    assert {alert.entered_at for alert in changes.opened} == {NOW}


def test_an_event_that_is_read_again_changes_nothing() -> None:
    first = apply([rule()], event(0, "EXPIRED"))
    stored = [TrackedAlert(alert.key, alert.owner_id, alert.entered_at, "alt_1") for alert in first.opened]
    again = apply([rule()], event(0, "EXPIRED"), stored=stored)
    assert (again.opened, again.resolved) == ([], [])


def test_an_alert_is_resolved_when_its_status_is_left_and_opens_again_when_it_is_entered_again() -> None:
    stored = [TrackedAlert(apply([rule()], event(0, "EXPIRED")).opened[0].key, "adm_1", NOW, "alt_1")]
    changes = apply([rule()], event(1, "TRIAL", left="EXPIRED"), event(2, "EXPIRED TRIAL"), stored=stored)
    assert [alert.id for alert in changes.resolved] == ["alt_1"]
    assert [alert.key.status for alert in changes.opened] == ["TRIAL", "EXPIRED"]


def test_an_alert_that_opened_and_ended_among_the_events_is_stored_as_resolved() -> None:
    changes = apply([rule()], event(0, "EXPIRED"), event(1, left="EXPIRED"))
    assert [(alert.key.status, alert.is_resolved) for alert in changes.opened] == [("EXPIRED", True)]
    assert changes.resolved == [] and held(changes) == []


def test_a_status_that_was_left_again_in_the_same_change_opens_nothing() -> None:
    after = Facts(frozenset({"status:TRIAL"}))
    assert apply([rule()], event(0, "EXPIRED", facts=after)).opened == []


def test_an_event_before_the_entry_does_not_resolve_the_alert_of_a_scan() -> None:
    key = apply([rule()], event(0, "EXPIRED")).opened[0].key
    scanned = [TrackedAlert(key, "adm_1", NOW, "alt_1")]
    assert apply([rule()], event(-1, left="EXPIRED"), stored=scanned).resolved == []


def test_the_alerts_of_a_customer_are_removed_for_who_lost_sight_of_it() -> None:
    rules = [rule("alr_1", "adm_1", restricted_to="adm_1"), rule("alr_2", "adm_2")]
    opened = apply(rules, event(0, "EXPIRED", keys=["administrator:adm_1"])).opened
    stored = [TrackedAlert(each.key, each.owner_id, NOW, each.key.rule_id) for each in opened]
    lost = apply(rules, event(1, lost_by=["adm_1", "adm_2"]), stored=stored)
    assert lost.hidden == {("cus_1", "adm_1")} and [key[0] for key in held(lost)] == ["alr_2"]
    removed = apply(rules, event(1, is_removed=True, facts=None), stored=stored)
    assert removed.hidden == {("cus_1", None)} and held(removed) == []


def test_what_was_entered_before_the_rule_was_changed_is_not_mailed() -> None:
    rules = [rule("alr_1", mailed_from=NOW + timedelta(minutes=1)), rule("alr_2", mailed_from=None)]
    changes = apply(rules, event(0, "EXPIRED"), event(1, "TRIAL"))
    mailed = [(alert.key.rule_id, alert.key.status) for alert in changes.opened if alert.is_mailed]
    assert mailed == [("alr_1", "TRIAL")] and len(changes.opened) == 4


STEPS = rv.lists(rv.tuples(rv.sampled_from(CUSTOMERS), rv.sampled_from(STATUSES)), max_size=30)


@settings(max_examples=200)
@given(seeded(STEPS), rv.randoms())
def test_after_any_events_exactly_the_statuses_that_hold_have_an_alert(
    steps: list[tuple[str, str]], random: Random
) -> None:
    """Each step turns a status of a customer on or off; the events come in parts, and each part is read twice."""
    statuses: dict[str, set[str]] = {customer: set() for customer in CUSTOMERS}
    events = []
    for minute, (customer, status) in enumerate(steps):
        is_entered = status not in statuses[customer]
        statuses[customer] ^= {status}
        facts = Facts(frozenset(f"status:{each}" for each in statuses[customer]))
        change = {"entered": status} if is_entered else {"left": status}
        events.append(event(minute, **change, customer_id=customer, facts=facts))
    cut = random.randint(0, len(events))
    first = apply([rule()], *events[:cut])
    stored = [
        TrackedAlert(alert.key, alert.owner_id, alert.entered_at, "alt")
        for alerts in first.held.values()
        for alert in alerts.values()
    ]
    second = apply([rule()], *events[cut:], stored=stored)
    expected = sorted(("alr_1", customer, status) for customer, each in statuses.items() for status in each)
    assert held(second) == expected
    assert len(second.opened) == len({(each.key, each.entered_at) for each in second.opened})
