"""The reference model of alerts: which are open after each change, by the rules of domain.md in plain Python.

What customers enter and leave are the events of the log, which are compared with the model of customers. The rest is
computed from that model: which rules a customer matches, and which owners see it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.reference import model
from tests.reference.partner_comparison import PartnerComparison

# Rule, customer and status.
OpenAlert = tuple[str, str, str]


class WatchedBy(NamedTuple):
    """A rule: its filter as the model takes it, its statuses, and its owner where they see assigned customers only."""

    filter: Mapping[str, Any]
    statuses: Sequence[str]
    viewer: str | None


class AlertModel:
    """The alerts that are open; begins with those of new rules."""

    def __init__(self, rules: Mapping[str, WatchedBy], comparison: PartnerComparison) -> None:
        self.rules, self.open = rules, set[OpenAlert]()
        for customer, facts in comparison.customers.items():
            self._enter(comparison, customer, facts["statuses"])

    def apply(self, events: Sequence[Mapping[str, Any]], comparison: PartnerComparison) -> None:
        """Apply the events of one change, after which the partner is as in the comparison."""
        keys = {comparison.ids[key]: key for key in comparison.customers}
        for event in events:
            id_ = event["customer_id"]
            self.open -= {alert for alert in self.open if alert[1] == id_ and alert[2] in event["left"]}
            if id_ in keys:
                self._enter(comparison, keys[id_], event["entered"])
        self.open = {alert for alert in self.open if self._is_seen(comparison, alert, keys)}

    def _enter(self, comparison: PartnerComparison, customer: str, statuses: Sequence[str]) -> None:
        """Open alerts of the rules that the customer matches, for the statuses that it still has."""
        facts, holders = comparison.customers[customer], comparison.holders(customer)
        for id_, rule in self.rules.items():
            is_seen = rule.viewer is None or rule.viewer in holders
            if is_seen and model.matches(rule.filter, facts, holders, comparison.scope.now):
                watched = {*rule.statuses} & {*statuses} & {*facts["statuses"]}
                self.open |= {(id_, facts["id"], status) for status in watched}

    def _is_seen(self, comparison: PartnerComparison, alert: OpenAlert, keys: Mapping[str, str]) -> bool:
        """Return whether the owner still sees the customer: a removed one is seen by nobody."""
        viewer, key = self.rules[alert[0]].viewer, keys.get(alert[1])
        return key is not None and (viewer is None or viewer in comparison.holders(key))
