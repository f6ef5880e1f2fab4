"""What a storm of mutations must have left behind: a model that hears of each answered mutation exactly once."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Answer = dict[str, Any]
TRIAL = "trial { id version customer { id } }"


@dataclass(slots=True)
class Customer:
    """A customer that a mutation of the storm made, with its one trial."""

    id: str
    trial: str
    trial_version: int
    tags: set[str] = field(default_factory=set)
    days: int = 0
    is_over: bool = False
    is_assigned: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One mutation: asked with one key however often, and what its answer means."""

    mutation: str
    selection: str
    given: dict[str, Any]
    heard: Callable[[Answer], None]
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass(slots=True)
class Model:
    """Grows by what was answered; `steps` are such that each must succeed."""

    administrator: str
    dice: random.Random
    tags: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)

    def steps(self, count: int) -> list[Step]:
        """Different mutations of different objects, so that none stands in another's way."""
        customers = self.dice.sample(list(self.customers.values()), min(count, len(self.customers)))
        chosen = [self.dice.choice(list(self._of_customer(one))) for one in customers]
        fresh = [self._create_tag, self._start_trial, self._rename]
        chosen += [make() for make in self.dice.sample(fresh, min(len(fresh), max(1, count - len(chosen))))]
        return chosen

    def _told(self, *kinds: str) -> None:
        self.events.update(kinds)

    def _create_tag(self) -> Step:
        name = f"Tag {uuid4().hex[:8]}"

        def heard(answer: Answer) -> None:
            self.tags[name] = answer["tag"]["id"]
            self._told("TAG_CREATED")

        return Step("createTag", "tag { id }", {"name": name}, heard)

    def _start_trial(self) -> Step:
        external_id = f"E-{uuid4().hex[:12]}"
        new = {"name": f"Storm {external_id}", "externalId": external_id}
        given = {"customer": {"new": new}, "licenses": [{"product": "CALLING", "licenses": 5}], "days": 30}

        def heard(answer: Answer) -> None:
            trial = answer["trial"]
            self.customers[external_id] = Customer(trial["customer"]["id"], trial["id"], trial["version"])
            self._told("CUSTOMER_ADDED", "TRIAL_STARTED")

        return Step("startTrial", TRIAL, given, heard)

    def _rename(self) -> Step:
        name = f"Acme {uuid4().hex[:8]}"

        def heard(_: Answer) -> None:
            self.names.append(name)
            self._told("ORGANIZATION_CHANGED")

        return Step("updateOrganization", "partner { name }", {"name": name}, heard)

    def _of_customer(self, customer: Customer) -> Iterator[Step]:
        yield self._assignment(customer)
        if self.tags:
            yield self._tagging(customer)
        if not customer.is_over:
            yield from (self._extend(customer), self._over(customer, "endTrial"), self._over(customer, "convertTrial"))

    def _assignment(self, customer: Customer) -> Step:
        verb = "unassign" if customer.is_assigned else "assign"

        def heard(_: Answer) -> None:
            customer.is_assigned = not customer.is_assigned
            self._told(f"ADMINISTRATOR_{verb.upper()}ED")

        given = {"administrator": self.administrator, "customers": [customer.id]}
        return Step(f"{verb}Administrator", "customers { id }", given, heard)

    def _tagging(self, customer: Customer) -> Step:
        tag = self.dice.choice(list(self.tags.values()))
        has = tag in customer.tags

        def heard(answer: Answer) -> None:
            assert answer["changed"] == 1
            customer.tags ^= {tag}
            self._told("TAGS_REMOVED" if has else "TAGS_ASSIGNED")

        given = {"customers": {"ids": [customer.id]}, "tags": [tag]}
        return Step("removeTags" if has else "assignTags", "changed", given, heard)

    def _extend(self, customer: Customer) -> Step:
        def heard(answer: Answer) -> None:
            customer.trial_version = answer["trial"]["version"]
            customer.days += 1
            self._told("TRIAL_EXTENDED")

        given = {"id": customer.trial, "version": customer.trial_version, "days": 1}
        return Step("extendTrial", TRIAL, given, heard)

    def _over(self, customer: Customer, mutation: str) -> Step:
        given: dict[str, Any] = {"id": customer.trial, "version": customer.trial_version}
        if mutation == "convertTrial":
            given["number"] = f"S-{uuid4().hex[:12]}"

        def heard(_: Answer) -> None:
            customer.is_over = True
            self._told("TRIAL_ENDED" if mutation == "endTrial" else "TRIAL_CONVERTED")

        return Step(mutation, "userErrors { code }", given, heard)
