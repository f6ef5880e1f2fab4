"""After any changes of a trial, the statuses are those that the reference model computes from the facts."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.customers.statuses import Thresholds
from domain.entitlements.lifecycle import LIVING_STATES, RUNNING_STATES, entitlement_from_document, state_at
from domain.entitlements.trials import build_conversion, build_early_end, build_extension, build_trial
from domain.time.instants import DAY, add_months
from store.changes.customer_change import CustomerChange
from store.tenants.partners import SettingsEpoch
from tests.reference.model import ModelPartner
from tests.stored_documents import stored_partner

BEGIN = datetime(2026, 1, 31, 9, 30)
Step = tuple[str, int, bool]
steps = st.lists(
    st.tuples(
        st.integers(0, 24 * 70),
        st.tuples(st.sampled_from(["pass", "extend", "end", "convert"]), st.integers(1, 60), st.booleans()),
    ),
    max_size=6,
)


PARTNER = stored_partner(SettingsEpoch(1, BEGIN, Thresholds(7, 60)))


class CustomerComparison:
    """One customer twice: as this system keeps it, and as the reference model does."""

    def __init__(self, days: int, assigned: int) -> None:
        self.now = BEGIN
        self.model = ModelPartner()
        line = {"customer": "C-1", "addedAt": BEGIN, "startsAt": BEGIN, "endsAt": BEGIN + days * DAY}
        figures = {"total": 5, "assigned": assigned, "used": 0}
        asleep = {"lastAdministratorSignInAt": None, "removedAt": None}
        self.model.facts["customers"]["C-1"] = {"name": "Acme", "createdAt": BEGIN, **asleep}
        self.model.facts["trials"]["T"] = {**line, "licenses": {("CALLING", None): figures}}
        work = CustomerChange(None, (), PARTNER)
        named = {"name": "Acme", "external_id": "C-1", "managed_by": "PARTNER_ORGANIZATION", "created_at": BEGIN}
        work.update_customer({**named, "delivered": {}})
        facts = build_trial({"CALLING": 5}, days, BEGIN, "adm_1")
        facts["licenses"][0]["assigned"] = assigned
        work.add_entitlement({"_id": "tri_1", "customer_id": work.id, "number": "T", **facts})
        self._finish(work)

    def _finish(self, work: CustomerChange) -> None:
        work.compute_projection(self.now)
        self.customer, self.held = work.customer, list(work.entitlements.values())

    def at(self, moment: datetime, change: Callable[[CustomerChange, dict[str, Any]], None]) -> None:
        """A transaction at the moment."""
        self.now = moment
        work = CustomerChange(deepcopy(self.customer), deepcopy(self.held), PARTNER)
        work.advance_to(moment)
        change(work, work.entitlements["T"])
        # `change` changes facts of the model, which remembers what they gave at this moment.
        self.model.memo.clear()
        self._finish(work)

    def step(self, kind: str, number: int, is_renewing: bool) -> Callable[[CustomerChange, dict[str, Any]], None]:
        def change(work: CustomerChange, trial: dict[str, Any]) -> None:
            state = state_at(entitlement_from_document(trial), self.now)
            told = self.model.facts["trials"]["T"]
            if kind == "extend" and state in LIVING_STATES:
                work.update_entitlement("T", build_extension(trial, number, self.now, "adm_1"))
                told["endsAt"] += timedelta(days=number)
            elif kind == "end" and state in LIVING_STATES:
                work.update_entitlement("T", build_early_end(self.now))
                told["endsAt"] = self.now
            elif kind == "convert" and state in RUNNING_STATES:
                identity = {"_id": "sub_1", "customer_id": work.id, "number": "S"}
                work.add_entitlement({**identity, **build_conversion(trial, number, is_renewing, {}, self.now)})
                work.update_entitlement("T", {**build_early_end(self.now), "converted_to": "sub_1"})
                self._told_converted(told, number, is_renewing)

        return change

    def _told_converted(self, told: dict[str, Any], months: int, is_renewing: bool) -> None:
        told["endsAt"] = self.now
        unset = {"setUp": True, "suspended": False, "suspendedAt": None, "cancelledAt": None}
        terms = {"termMonths": months, "autoRenew": is_renewing, **unset}
        times = {"startsAt": self.now, "endsAt": add_months(self.now, months)}
        self.model.facts["subscriptions"]["S"] = {**told, **terms, **times}


@given(days=st.integers(1, 90), assigned=st.integers(0, 6), taken=steps)
def test_statuses_follow_from_the_facts_after_any_changes(days: int, assigned: int, taken: list[Any]) -> None:
    world = CustomerComparison(days, assigned)
    for hours, (kind, number, is_renewing) in [*taken, (24 * 400, ("pass", 1, False))]:
        world.at(world.now + timedelta(hours=hours), world.step(kind, number, is_renewing))
        told = world.model.customers(world.now)["C-1"]
        assert world.customer["statuses"] == told["statuses"]
        assert world.customer["products"] == told["products"]
        assert world.customer["subscription_types"] == told["subscriptionTypes"]
        for one in world.customer["status_details"]:
            assert one["since"] <= world.now
            assert world.model.since("C-1", one["status"], world.now) in (None, one["since"])
