"""A model of the expected data after many mutations; it receives each successful mutation exactly once."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Payload = dict[str, Any]
TRIAL_SELECTION = "trial { id version customer { id } }"


@dataclass(slots=True)
class Customer:
    """A customer that a mutation created, with its trial."""

    id: str
    trial: str
    trial_version: int
    tags: set[str] = field(default_factory=set)
    days: int = 0
    is_ended: bool = False
    is_assigned: bool = False


@dataclass(frozen=True, slots=True)
class MutationStep:
    """One mutation with its key, which may be sent several times, and the effect of its response on the model."""

    mutation: str
    selection: str
    given: dict[str, Any]
    apply: Callable[[Payload], None]
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(slots=True)
class MutationModel:
    """The expected data; `steps` returns mutations that must all succeed."""

    administrator: str
    rng: random.Random
    tags: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)

    def steps(self, count: int) -> list[MutationStep]:
        """Return mutations of different objects, so that they do not conflict."""
        customers = self.rng.sample(list(self.customers.values()), min(count, len(self.customers)))
        chosen = [self.rng.choice(list(self._customer_steps(one))) for one in customers]
        fresh = [self._create_tag, self._start_trial, self._rename]
        chosen += [make() for make in self.rng.sample(fresh, min(len(fresh), max(1, count - len(chosen))))]
        return chosen

    def _count_events(self, *kinds: str) -> None:
        self.events.update(kinds)

    def _create_tag(self) -> MutationStep:
        name = f"Tag {uuid4().hex[:8]}"

        def apply(answer: Payload) -> None:
            self.tags[name] = answer["tag"]["id"]
            self._count_events("TAG_CREATED")

        return MutationStep("createTag", "tag { id }", {"name": name}, apply)

    def _start_trial(self) -> MutationStep:
        external_id = f"E-{uuid4().hex[:12]}"
        new = {"name": f"Storm {external_id}", "externalId": external_id}
        given = {"customer": {"new": new}, "licenses": [{"product": "CALLING", "licenses": 5}], "days": 30}

        def apply(answer: Payload) -> None:
            trial = answer["trial"]
            self.customers[external_id] = Customer(trial["customer"]["id"], trial["id"], trial["version"])
            self._count_events("CUSTOMER_ADDED", "TRIAL_STARTED")

        return MutationStep("startTrial", TRIAL_SELECTION, given, apply)

    def _rename(self) -> MutationStep:
        name = f"Acme {uuid4().hex[:8]}"

        def apply(_: Payload) -> None:
            self.names.append(name)
            self._count_events("ORGANIZATION_CHANGED")

        return MutationStep("updateOrganization", "partner { name }", {"name": name}, apply)

    def _customer_steps(self, customer: Customer) -> Iterator[MutationStep]:
        yield self._toggle_assignment(customer)
        if self.tags:
            yield self._toggle_tag(customer)
        if not customer.is_ended:
            yield from (
                self._extend(customer),
                self._finish_trial(customer, "endTrial"),
                self._finish_trial(customer, "convertTrial"),
            )

    def _toggle_assignment(self, customer: Customer) -> MutationStep:
        verb = "unassign" if customer.is_assigned else "assign"

        def apply(_: Payload) -> None:
            customer.is_assigned = not customer.is_assigned
            self._count_events(f"ADMINISTRATOR_{verb.upper()}ED")

        given = {"administrator": self.administrator, "customers": [customer.id]}
        return MutationStep(f"{verb}Administrator", "customers { id }", given, apply)

    def _toggle_tag(self, customer: Customer) -> MutationStep:
        tag = self.rng.choice(list(self.tags.values()))
        has = tag in customer.tags

        def apply(answer: Payload) -> None:
            assert answer["changed"] == 1
            customer.tags ^= {tag}
            self._count_events("TAGS_REMOVED" if has else "TAGS_ASSIGNED")

        given = {"customers": {"ids": [customer.id]}, "tags": [tag]}
        return MutationStep("removeTags" if has else "assignTags", "changed", given, apply)

    def _extend(self, customer: Customer) -> MutationStep:
        def apply(answer: Payload) -> None:
            customer.trial_version = answer["trial"]["version"]
            customer.days += 1
            self._count_events("TRIAL_EXTENDED")

        given = {"id": customer.trial, "version": customer.trial_version, "days": 1}
        return MutationStep("extendTrial", TRIAL_SELECTION, given, apply)

    def _finish_trial(self, customer: Customer, mutation: str) -> MutationStep:
        given: dict[str, Any] = {"id": customer.trial, "version": customer.trial_version}
        if mutation == "convertTrial":
            given["number"] = f"S-{uuid4().hex[:12]}"

        def apply(_: Payload) -> None:
            customer.is_ended = True
            self._count_events("TRIAL_ENDED" if mutation == "endTrial" else "TRIAL_CONVERTED")

        return MutationStep(mutation, "userErrors { code }", given, apply)
