"""Which alerts an event of the log opens, resolves or removes: pure rules over one event after the other.

There is one alert at a time for a rule, a customer and a status, so an event that is read again changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, field

from domain.customers.conditions import AllOf
from domain.customers.filter import parse_filter
from domain.customers.keys import dimension_key
from domain.customers.matching import MatchedValues, matches


class CustomerFacts(MatchedValues, Protocol):
    """What rules read of a customer after an event."""

    def is_visible_to(self, administrator_id: str | None, now: datetime) -> bool:
        """Return whether the assigned administrator sees the customer; None stands for one who sees all."""
        ...


class RuleCondition(Struct, frozen=True):
    """What a rule watches: the statuses of the customers that match and that its owner may see.

    `restricted_to` is the owner where they see assigned customers only. A rule that is not active opens no alerts: it
    is paused, or its owner has no access any more. Alerts of statuses that were entered since `mailed_from` are sent by
    e-mail; None where the rule sends none.
    """

    id: str
    owner_id: str
    restricted_to: str | None
    statuses: frozenset[str]
    customers: AllOf
    is_active: bool = True
    mailed_from: datetime | None = None

    @classmethod
    def of(cls, rule: Mapping[str, Any], *, restricted_to: str | None, has_owner: bool) -> "RuleCondition":
        """Return the condition of a stored rule."""
        return cls(
            rule["_id"],
            rule["owner_id"],
            restricted_to,
            frozenset(rule["statuses"]),
            parse_filter(rule["filter"]),
            is_active=has_owner and not rule["paused"],
            mailed_from=rule["mailed_from"] if rule["email"] else None,
        )

    def covers(self, customer: CustomerFacts, now: datetime) -> bool:
        """Return whether the rule watches the customer."""
        return customer.is_visible_to(self.restricted_to, now) and matches(self.customers, customer)

    def open(self, customer_id: str, status: str, entered_at: datetime) -> "TrackedAlert":
        """Return a new alert of the rule."""
        is_mailed = self.mailed_from is not None and entered_at >= self.mailed_from
        return TrackedAlert(AlertKey(self.id, customer_id, status), self.owner_id, entered_at, is_mailed=is_mailed)


class AlertKey(NamedTuple):
    """What an open alert is about; no two are about the same."""

    rule_id: str
    customer_id: str
    status: str


class TrackedAlert(Struct):
    """An alert whose status holds; `id` is None where it is not stored yet. `entered_at` is the event's moment."""

    key: AlertKey
    owner_id: str
    entered_at: datetime
    id: str | None = None
    is_resolved: bool = False
    # Whether a new alert is sent by e-mail.
    is_mailed: bool = False


class CustomerOccurrence(Struct, frozen=True):
    """What an event says of a customer: the statuses that it entered and left, and who lost sight of it.

    `facts` are those after the event; None where there are none. A customer that `is_removed` exists for nobody.
    """

    customer_id: str
    at: datetime
    entered: Sequence[str] = ()
    left: Sequence[str] = ()
    facts: CustomerFacts | None = None
    lost_by: Collection[str] = ()
    is_removed: bool = False


class AlertChanges(Struct):
    """The changes of the alerts by a number of events; `apply` is called for each event in the order of the log.

    `held` are the alerts that are not resolved, by customer. `hidden` are the customers whose alerts, also the resolved
    ones, are removed for an administrator; None stands for all administrators.
    """

    rules: Sequence[RuleCondition]
    now: datetime
    held: defaultdict[str, dict[AlertKey, TrackedAlert]] = field(default_factory=lambda: defaultdict(dict))
    opened: list[TrackedAlert] = field(default_factory=list)
    resolved: list[TrackedAlert] = field(default_factory=list)
    hidden: set[tuple[str, str | None]] = field(default_factory=set)

    @classmethod
    def begin(cls, rules: Sequence[RuleCondition], stored: Iterable[TrackedAlert], now: datetime) -> "AlertChanges":
        """Return the changes before the first event; `stored` are the alerts that are not resolved."""
        changes = cls(rules, now)
        for alert in stored:
            changes.held[alert.key.customer_id][alert.key] = alert
        return changes

    def apply(self, occurrence: CustomerOccurrence) -> None:
        """Add what the event changes."""
        if occurrence.is_removed:
            self._hide(occurrence.customer_id, None)
            return
        for owner_id in {rule.restricted_to for rule in self.rules} & set(occurrence.lost_by):
            self._hide(occurrence.customer_id, owner_id)
        for alert in list(self.held[occurrence.customer_id].values()):
            # A later alert is of a later entry: the events are behind what a scan of the rule has read.
            if alert.key.status in occurrence.left and alert.entered_at <= occurrence.at:
                self._resolve(alert)
        if occurrence.facts is not None and occurrence.entered:
            self._open(occurrence, occurrence.facts)

    def _open(self, occurrence: CustomerOccurrence, facts: CustomerFacts) -> None:
        # Several transitions can share the facts after the last one: what was left again by then opens no alert.
        entered = {status for status in occurrence.entered if dimension_key("status", status) in facts.keys}
        for rule in self.rules:
            if not (rule.is_active and rule.statuses & entered and rule.covers(facts, self.now)):
                continue
            for status in sorted(rule.statuses & entered):
                alert = rule.open(occurrence.customer_id, status, occurrence.at)
                if alert.key not in self.held[occurrence.customer_id]:
                    self.held[occurrence.customer_id][alert.key] = alert
                    self.opened.append(alert)

    def _resolve(self, alert: TrackedAlert) -> None:
        del self.held[alert.key.customer_id][alert.key]
        alert.is_resolved = True
        if alert.id is not None:
            self.resolved.append(alert)

    def _hide(self, customer_id: str, owner_id: str | None) -> None:
        """Remove the customer's alerts of one owner, or of all."""
        self.hidden.add((customer_id, owner_id))
        self.held[customer_id] = {
            key: alert for key, alert in self.held[customer_id].items() if not _is_of(alert, customer_id, owner_id)
        }
        self.opened = [alert for alert in self.opened if not _is_of(alert, customer_id, owner_id)]
        self.resolved = [alert for alert in self.resolved if not _is_of(alert, customer_id, owner_id)]


def _is_of(alert: TrackedAlert, customer_id: str, owner_id: str | None) -> bool:
    return alert.key.customer_id == customer_id and owner_id in (None, alert.owner_id)
