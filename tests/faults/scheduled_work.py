"""The work that time and jobs bring for six workers, and checks that each piece was done exactly once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from domain.entitlements.license_snapshots import start_of_day
from domain.partner.bulk_jobs import MAX_SYNCHRONOUS_CUSTOMERS
from domain.time.weeks import WEEK, latest_completed_week
from server.cli.checks import find_deep_problems
from store.database.client import Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.jobs.imports.factory_imports import documents
from tests.jobs.test_roll_up_calls import counted
from tests.jobs.test_snapshot_licenses import assert_weeks_are_what_the_snapshots_say
from tests.store.calling.factory_calls import call_series, put_calls
from tests.store.factory_customers import DAY, add_customers, subscription

_CALLS = 20
# With these, there are more customers than may be tagged without a job.
_PLAIN_CUSTOMERS = MAX_SYNCHRONOUS_CUSTOMERS
_WEEKS = 4
# All six workers may have been killed and be starting again.
_RETRY_SECONDS = 120.0
_RETRYABLE_ERRORS = {"UNAVAILABLE", "TIMEOUT", "ConnectError", "ReadError", "RemoteProtocolError", "ReadTimeout"}
_ASSIGN_TAGS = "mutation($i: AssignTagsInput!) { assignTags(input: $i) { job { id } userErrors { code message } } }"
_CREATE_TAG = "mutation($i: CreateTagInput!) { createTag(input: $i) { tag { id } userErrors { code message } } }"


class ScheduledWorkResult(NamedTuple):
    """The number of effects, and the sorted delays in seconds between a due moment and the write of its effect."""

    effects: int
    delays: Sequence[float]


class ScheduledWork:
    """A partner with customers that become due, days without snapshots, and bulk jobs that tag all customers."""

    def __init__(self, scope: Scope, spread: Sequence[float], days: int, token: str) -> None:
        """`spread` has the seconds from the start at which customers become due."""
        self._scope, self._spread, self._days = scope, spread, days
        self._moments: list[datetime] = []
        self._headers = {"Authorization": f"Bearer {token}"}
        self.tags: list[str] = []
        self.calls: Counter[datetime] = Counter()

    async def prepare(self, administrator_id: str, lead: timedelta) -> None:
        """Create customers with an end, a renewal or an expiring assignment, and customers without events."""
        await add_customers(self._scope, ((f"P-{n}", []) for n in range(_PLAIN_CUSTOMERS)))
        begins = utc_now() + lead
        self._moments = [begins + timedelta(milliseconds=int(one * 1000)) for one in self._spread]
        scope, moments = self._scope, list(enumerate(self._moments))
        await add_customers(scope, ((f"E-{n}", [subscription(f"E-{n}", ends_at=at)]) for n, at in moments))
        renewing: dict[str, Any] = {"auto_renew": True, "term_months": 1}
        await add_customers(scope, ((f"R-{n}", [subscription(f"R-{n}", ends_at=at, **renewing)]) for n, at in moments))
        held = {"administrator_id": administrator_id, "assigned_by": None, "imported": True}
        ending = {f"A-{n}": {"assignments": [{**held, "assigned_at": at, "expires_at": at}]} for n, at in moments}
        await add_customers(scope, ((f"A-{n}", [subscription(f"A-{n}")]) for n, _ in moments), ending)
        # After the customers: a completed day is not processed again for later customers.
        yesterday = start_of_day(utc_now()) - DAY
        known = {"created_at": yesterday - 100 * DAY, "snapshot_day": yesterday - self._days * DAY}
        await scope.collection("partners").update_one(scope.match(), {"$set": known})

    async def start_bulk_tagging(self, addresses: Callable[[], Sequence[str]]) -> None:
        """Start a bulk job with its own tag, unless a slow machine still has as many as a partner may have at once."""
        asked = {"name": f"Job {uuid4().hex}", "idempotencyKey": uuid4().hex}
        created = await self._run_until_answered(addresses, _CREATE_TAG, "createTag", asked)
        assert created["userErrors"] == [], created
        tag_id = created["tag"]["id"]
        everybody = {"customers": {"matching": {}}, "tags": [tag_id], "idempotencyKey": uuid4().hex}
        started = await self._run_until_answered(addresses, _ASSIGN_TAGS, "assignTags", everybody)
        if started["job"] is not None:
            self.tags.append(tag_id)
        else:
            assert [error["code"] for error in started["userErrors"]] == ["LIMIT_REACHED"], started

    async def _run_until_answered(
        self, addresses: Callable[[], Sequence[str]], query: str, field: str, given: dict[str, Any]
    ) -> dict[str, Any]:
        """Send the mutation to one server after the other, with the same key, until one responds."""
        body, refusals = {"query": query, "variables": {"i": given}}, Counter[str]()
        async with httpx.AsyncClient(verify=False, timeout=3, headers=self._headers) as http:
            ends = monotonic() + _RETRY_SECONDS
            while monotonic() < ends:
                for address in addresses():
                    try:
                        answer = (await http.post(f"{address}/graphql", json=body)).json()
                    except httpx.TransportError as gone:
                        refusals[type(gone).__name__] += 1
                        continue
                    if "errors" not in answer:
                        payload: dict[str, Any] = answer["data"][field]
                        return payload
                    refusals[answer["errors"][0]["extensions"]["code"]] += 1
                    assert set(refusals) <= _RETRYABLE_ERRORS, answer
                await asyncio.sleep(0.1)
        raise AssertionError(f"No server responds to {field}: {refusals}")

    async def deliver_calls(self) -> None:
        """Deliver more calls for one of the completed weeks."""
        number = sum(self.calls.values())
        week = latest_completed_week(utc_now()) - (number // _CALLS % _WEEKS) * WEEK
        await put_calls(self._scope, call_series("cus_calls", week + timedelta(hours=1), _CALLS, user_id=f"u-{number}"))
        self.calls[week] += _CALLS

    async def list_unfinished(self) -> list[str]:
        """Return the work that is not done yet."""
        scope, now, found = self._scope, utc_now(), []
        if await scope.collection("customers").count({**scope.match(), "due_at": {"$lte": now}}):
            found.append("customers are due")
        if await scope.collection("bulk_jobs").count({**scope.match(), "state": "RUNNING"}):
            found.append("bulk jobs run")
        partner = await scope.collection("partners").find_one(scope.match(), {"snapshot_day": 1})
        if partner is None or partner["snapshot_day"] < start_of_day(now) - DAY:
            found.append("snapshots lack")
        if await counted(scope) != dict(self.calls):
            found.append("weeks are to be rolled up")
        return found

    async def check(self) -> ScheduledWorkResult:
        """Compare the stored effects with the expected ones."""
        events = await documents(self._scope, "events")
        customers = {one["external_id"]: one for one in await documents(self._scope, "customers")}
        done = Counter(_effect_key(event) for event in events)
        orders = Counter(one["number"] for one in await documents(self._scope, "orders"))
        wanted = self._expected_effects(customers)
        missing = [one for one in wanted if not done[one]]
        missing += [f"R-{n}-R1" for n in range(len(self._moments)) if not orders[f"R-{n}-R1"]]
        doubled = [one for one, times in (done + orders).items() if times > 1]
        assert not missing and not doubled, (missing[:5], doubled[:5])
        self._check_tags(events, customers)
        await self._check_figures()
        assert await find_deep_problems(self._scope.client) == []
        moved = set(wanted)
        late = sorted((one["created_at"] - one["at"]).total_seconds() for one in events if _effect_key(one) in moved)
        return ScheduledWorkResult(len(wanted) + len(self.tags) * len(customers), late)

    def _expected_effects(self, customers: Mapping[str, Document]) -> list[Hashable]:
        """Check the effect of each due moment, except those that passed before their customer was created."""
        kinds = {"E": "STATUS_CHANGED", "R": "SUBSCRIPTION_RENEWED", "A": "ADMINISTRATOR_UNASSIGNED"}
        numbered = [(letter, n, at) for letter in kinds for n, at in enumerate(self._moments)]
        ids = {(letter, n): customers[f"{letter}-{n}"] for letter, n, _ in numbered}
        return [
            (kinds[letter], ids[letter, n]["_id"], at)
            for letter, n, at in numbered
            if at > ids[letter, n]["created_at"]
        ]

    def _check_tags(self, events: Sequence[Document], customers: Mapping[str, Document]) -> None:
        """Check that each job tagged each customer exactly once."""
        tagged = Counter(event["customer_id"] for event in events if event["kind"] == "TAGS_ASSIGNED")
        assert tagged == {one["_id"]: len(self.tags) for one in customers.values()}
        assert all(set(one["tag_ids"]) == set(self.tags) for one in customers.values())

    async def _check_figures(self) -> None:
        """Check the snapshots of each day, their weekly sums, and the weekly sums of calls."""
        snapshots = Counter(one["day"] for one in await documents(self._scope, "license_snapshots"))
        yesterday = start_of_day(utc_now()) - DAY
        assert snapshots == {yesterday - back * DAY: 3 * len(self._moments) for back in range(self._days)}
        await assert_weeks_are_what_the_snapshots_say(self._scope)
        assert await counted(self._scope) == dict(self.calls)
        jobs = await documents(self._scope, "bulk_jobs")
        everybody = _PLAIN_CUSTOMERS + 3 * len(self._moments)
        assert [(job["state"], job["done"], job["changed"]) for job in jobs] == [
            ("DONE", everybody, everybody) for _ in self.tags
        ]


def _effect_key(event: Document) -> Hashable:
    """Return the key of an event: there is at most one event of a kind, customer and moment."""
    customer_id: str | None = event["customer_id"]
    return (event["kind"], customer_id or event["_id"], event["at"])
