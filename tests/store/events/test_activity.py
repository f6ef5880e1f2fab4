"""The log as each viewer may read it: held against a plain Python filter, and read by an index whatever is asked."""

import random
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.customers.transitions import StatusTransition
from domain.failures import BadUserInput, InvalidCursor
from domain.paging import PageRequest
from domain.partner.activity import ActivityCondition, activity_condition
from domain.types import ActivityKind, CustomerStatus, PartnerRole
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.activity import DEFAULT_LIMITS, Activity, ActivityLimits, EventDocument
from store.events.log import EventDraft, event_document
from store.indexes import ensure_indexes
from tests.factory_documents import assignment
from tests.store.factory_customers import add_customer, partner_scope

HOLDER, OTHER = "adm_holder", "adm_other"
BEGIN = datetime(2026, 1, 1)
SECOND = timedelta(seconds=1)
Given = tuple[dict[str, Any], ...]
KINDS = (ActivityKind.CUSTOMER_CHANGED, ActivityKind.TAG_CREATED, ActivityKind.STATUS_CHANGED)
WALKING = (
    DEFAULT_LIMITS,
    ActivityLimits(max_customers=0, batch_size=3, max_examined=5),
    ActivityLimits(max_customers=2, batch_size=7, max_examined=1_000),
)


async def put_events(scope: Scope, *told: tuple[ActivityKind, str | None, str | None, int]) -> list[Document]:
    """Events: kind, actor, customer, and the second at which they happened."""
    events = []
    for kind, actor, customer, second in told:
        shared = {"customer_id": customer, "actor_id": actor, "facts_before": None, "facts_after": None}
        note = EventDraft(kind, customer or "tag_x", f"{kind} of {customer}", at=BEGIN + second * SECOND)
        events.append(event_document(scope.partner_id, scope.now, shared, note))
    await scope.collection("events").insert_many(events)
    return events


def viewer(scope: Scope, role: PartnerRole, identity: str = HOLDER) -> Scope:
    """What an administrator reaches now."""
    return replace(scope, now=utc_now(), administrator_id=identity, role=role)


async def read_all(activity: Activity, condition: ActivityCondition, size: int) -> list[EventDocument]:
    """Every page, one behind the other; a page may be short, and still there is an end."""
    rows: list[EventDocument] = []
    after = None
    while True:
        page = await activity.page(condition, PageRequest(first=size, after=after))
        assert len(page.rows) <= size
        assert page.has_previous is (after is not None)
        rows += page.rows
        if not page.has_next:
            return rows
        assert page.end_cursor != after
        after = page.end_cursor


async def read_all_backwards(activity: Activity, condition: ActivityCondition, size: int) -> list[EventDocument]:
    """Every page from the oldest event on, in the order of the list."""
    rows: list[EventDocument] = []
    before = None
    while True:
        page = await activity.page(condition, PageRequest(last=size, before=before))
        assert len(page.rows) <= size
        assert page.has_next is (before is not None)
        rows[:0] = page.rows
        if not page.has_previous:
            return rows
        assert page.start_cursor != before
        before = page.start_cursor


def expected(events: list[Document], condition: ActivityCondition, sight: set[str] | None) -> list[str]:
    """The rule in plain Python; `sight` is None for who sees all."""

    def matches(event: Document) -> bool:
        seen = sight is None or event["actor_id"] == HOLDER or event["customer_id"] in sight
        kind = condition.kinds is None or event["kind"] in condition.kinds
        actor = condition.actors is None or event["actor_id"] in condition.actors
        customer = condition.customers is None or event["customer_id"] in condition.customers
        since = condition.since is None or event["at"] >= condition.since
        until = condition.until is None or event["at"] < condition.until
        return seen and kind and actor and customer and since and until

    found = [event for event in events if matches(event)]
    return [event["_id"] for event in sorted(found, key=lambda one: (one["at"], one["_id"]), reverse=True)]


async def put_world(scope: Scope, rng: random.Random) -> tuple[list[Document], list[str], set[str]]:
    """Some 90 events of six customers, of which the holder has three; many share a moment."""
    customers = []
    for number in range(6):
        held = [assignment(HOLDER)] if number < 3 else []
        customers.append(await add_customer(scope, f"ORG-{number}", assignments=held))
    whose: list[str | None] = [*customers, "cus_removed", None]
    told = [
        (rng.choice(KINDS), rng.choice([HOLDER, OTHER, None]), rng.choice(whose), rng.randrange(30)) for _ in range(90)
    ]
    return await put_events(scope, *told), customers, set(customers[:3])


def conditions(customers: list[str]) -> list[dict[str, Any]]:
    """Every combination of a few conditions."""
    kinds: Given = ({}, {"kind": [KINDS[0]]}, {"kind": list(KINDS[1:])}, {"kind": []})
    actors: Given = ({}, {"actor": [HOLDER]}, {"actor": [OTHER, HOLDER]}, {"actor": ["adm_nobody"]})
    about: Given = (
        {},
        {"customer": [customers[0]]},
        {"customer": [customers[1], customers[5]]},
        {"customer": ["cus_removed"]},
    )
    when: Given = ({}, {"since": BEGIN + 10 * SECOND}, {"since": BEGIN + 5 * SECOND, "until": BEGIN + 20 * SECOND})
    combined = product(kinds, actors, about, when)
    return [{**one, **two, **three, **four} for one, two, three, four in combined]


@pytest.mark.parametrize("limits", WALKING)
@pytest.mark.parametrize("role", [PartnerRole.ADMINISTRATOR, PartnerRole.READ_ONLY_ADMINISTRATOR])
async def test_the_log_is_what_a_plain_filter_says(client: Client, role: PartnerRole, limits: ActivityLimits) -> None:
    scope = await partner_scope(client)
    rng = random.Random(f"{role}{limits}")
    await scope.collection("events").delete_many(scope.match())
    events, customers, sight = await put_world(scope, rng)
    added = await scope.collection("events").find({**scope.match(), "kind": "CUSTOMER_ADDED"})
    other = await partner_scope(client, "other")
    await put_events(other, (KINDS[0], HOLDER, customers[0], 3))
    for given in rng.sample(conditions(customers), 60):
        condition = activity_condition(given)
        activity = Activity(viewer(scope, role), limits)
        seen = sight if role is PartnerRole.ADMINISTRATOR else None
        ids = expected(events + added, condition, seen)
        # Long lists have no pages of one row: they would take most of the test's time.
        sizes = [1, 4, 50] if len(ids) < 20 else [7, 50]
        assert [row.id for row in await read_all(activity, condition, rng.choice(sizes))] == ids, given
        assert [row.id for row in await read_all_backwards(activity, condition, rng.choice(sizes))] == ids, given
        assert await activity.count(condition) == len(ids), given


@pytest.mark.parametrize("limits", WALKING)
async def test_a_page_lies_between_two_cursors(client: Client, limits: ActivityLimits) -> None:
    scope = await partner_scope(client)
    await put_events(scope, *((KINDS[0], HOLDER, None, second) for second in range(6)))
    activity = Activity(viewer(scope, PartnerRole.ADMINISTRATOR), limits)
    every = [row.id for row in await read_all(activity, ActivityCondition(), 50)]
    cursors = (await activity.page(ActivityCondition(), PageRequest(first=6))).cursors
    for start, end in product([None, 0, 3], [None, 5, 4]):
        after, before = (None if place is None else cursors[place] for place in (start, end))
        inner = every[0 if start is None else start + 1 : end]
        for first, last in ((2, None), (None, 2)):
            request = PageRequest(first, after, last, before)
            page = await activity.page(ActivityCondition(), request)
            rows = [row.id for row in page.rows]
            assert rows == (inner[-2:] if request.is_backward else inner[:2])
            if rows:
                assert (page.has_previous, page.has_next) == (rows[0] != every[0], rows[-1] != every[-1])


@pytest.mark.parametrize("limits", WALKING)
async def test_sight_is_that_of_now(client: Client, limits: ActivityLimits) -> None:
    scope = await partner_scope(client)
    over = assignment(HOLDER, expires_at=utc_now() - timedelta(days=1))
    mine, gone = [await add_customer(scope, name, assignments=held) for name, held in (("A", []), ("B", [over]))]
    told = await put_events(scope, (KINDS[0], OTHER, mine, 1), (KINDS[0], OTHER, gone, 2), (KINDS[0], HOLDER, gone, 3))

    async def seen() -> list[str]:
        activity = Activity(viewer(scope, PartnerRole.ADMINISTRATOR), limits)
        return [row.id for row in await read_all(activity, ActivityCondition(kinds=(KINDS[0],)), 2)]

    assert await seen() == [told[2]["_id"]]
    assigned = {"$set": {"assignments": [assignment(HOLDER)]}, "$push": {"keys": f"administrator:{HOLDER}"}}
    await scope.collection("customers").update_one({**scope.match(), "_id": mine}, assigned)
    assert await seen() == [told[2]["_id"], told[0]["_id"]]


async def test_the_first_pages_of_many_customers_are_those_of_each(client: Client) -> None:
    scope = await partner_scope(client)
    _, customers, sight = await put_world(scope, random.Random(7))
    reader = viewer(scope, PartnerRole.ADMINISTRATOR)
    asked = [(customer, size) for customer in customers for size in (1, 5, 200)]
    log = Activity(reader)
    for pages, is_last in ((await log.first_pages(asked), False), (await log.last_pages(asked), True)):
        assert {customer for customer, _ in pages} == sight
        for (customer, size), page in pages.items():
            single = await log.page(
                ActivityCondition(customers=(customer,)), PageRequest(last=size) if is_last else PageRequest(first=size)
            )
            assert (page.rows, page.has_next, page.end_cursor) == (single.rows, single.has_next, single.end_cursor)
            assert (page.has_previous, page.start_cursor) == (single.has_previous, single.start_cursor)
    counts = await log.counts(customers)
    assert counts == {customer: await log.count(ActivityCondition(customers=(customer,))) for customer in sight} | {
        customer: counts[customer] for customer in customers if customer not in sight
    }


async def test_the_changes_of_an_event_are_in_the_spelling_of_the_api(client: Client) -> None:
    scope = await partner_scope(client)
    customer = await add_customer(scope, "ORG-1")
    shared = {"customer_id": customer, "actor_id": None, "facts_before": None, "facts_after": None}
    changes: dict[str, list[Any]] = {
        "ends_at": [None, BEGIN],
        "issued_on": [BEGIN, BEGIN + timedelta(days=1)],
        "running_products": [[], ["CALLING"]],
        "REAL_TIME_TRANSLATIONS": [False, True],
        "licenses": [[{"product": "CALLING", "total": 1}], [{"added_at": BEGIN}]],
    }
    draft = EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, customer, "Changed", changes)
    transition = StatusTransition(BEGIN, (CustomerStatus.TRIAL,), (CustomerStatus.EXPIRED,), (CustomerStatus.TRIAL,))
    status = EventDraft(ActivityKind.STATUS_CHANGED, customer, "Acme is now on trial")
    events = [event_document(scope.partner_id, scope.now, shared, draft)]
    events.append(event_document(scope.partner_id, scope.now, shared, status, transition))
    await scope.collection("events").insert_many(events)
    changed, entered = (await Activity(scope).changes([event["_id"] for event in events])).values()
    assert [(one.field, one.before, one.after) for one in changed] == [
        ("endsAt", None, "2026-01-01T00:00:00Z"),
        ("issuedOn", "2026-01-01", "2026-01-02"),
        ("REAL_TIME_TRANSLATIONS", False, True),
        ("licenses", [{"product": "CALLING", "total": 1}], [{"addedAt": "2026-01-01T00:00:00Z"}]),
    ]
    assert [(one.field, one.before, one.after) for one in entered] == [("statuses", ["EXPIRED"], ["TRIAL"])]


async def test_who_does_not_read_the_log_finds_none_of_its_events(client: Client) -> None:
    scope = await partner_scope(client)
    (event,) = await put_events(scope, (KINDS[1], OTHER, None, 1))
    for role, is_seen in zip(PartnerRole, (True, False, True, False), strict=True):
        assert bool(await Activity(viewer(scope, role)).by_ids([event["_id"]])) is is_seen, role
        own = await Activity(viewer(scope, role, OTHER)).by_ids([event["_id"]])
        assert bool(own) is (role is not PartnerRole.HELPDESK_ADMINISTRATOR), role


async def test_a_cursor_belongs_to_its_list(client: Client) -> None:
    scope = await partner_scope(client)
    await put_events(scope, *((KINDS[0], OTHER, None, second) for second in range(3)))
    activity = Activity(viewer(scope, PartnerRole.FULL_ADMINISTRATOR))
    page = await activity.page(ActivityCondition(), PageRequest(first=1))
    assert page.end_cursor == page.cursors[-1]
    for condition in (ActivityCondition(kinds=(KINDS[0],)), ActivityCondition(since=BEGIN)):
        with pytest.raises(InvalidCursor):
            await activity.page(condition, PageRequest(first=1, after=page.end_cursor))


def test_a_condition_with_too_many_values_is_refused() -> None:
    hundred = [f"adm_{number}" for number in range(100)]
    assert activity_condition({"actor": hundred * 2}).actors == tuple(hundred)
    with pytest.raises(BadUserInput, match="actor takes at most 100 values; these are 101"):
        activity_condition({"actor": [*hundred, "adm_x"]})


class Watch(CommandListener):
    """Keeps each query."""

    def __init__(self) -> None:
        self.queries: list[Mapping[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            self.queries.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Only beginnings count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Only beginnings count."""


@pytest.fixture
async def watched(mongo_uri: str, database_name: str) -> AsyncIterator[tuple[Client, Watch]]:
    watch = Watch()
    client = Client(mongo_uri, database_name, event_listeners=[watch])
    await ensure_indexes(client)
    yield client, watch
    await client.close()


async def _examined(client: Client, watch: Watch) -> int:
    """How many keys and documents the last query of events looked at."""
    query = next(one for one in reversed(watch.queries) if one.get("find") == "events")
    kept = {key: value for key, value in query.items() if key in ("find", "filter", "sort", "limit", "hint")}
    plan = await client.command({"explain": kept, "verbosity": "executionStats"})
    assert "COLLSCAN" not in str(plan["queryPlanner"]), plan
    stats = plan["executionStats"]
    return max(int(stats[name]) for name in ("totalKeysExamined", "totalDocsExamined"))


async def test_a_page_reads_little_more_than_it_shows(watched: tuple[Client, Watch]) -> None:
    client, watch = watched
    scope = await partner_scope(client)
    held = [await add_customer(scope, f"ORG-{n}", assignments=[assignment(HOLDER)]) for n in range(20)]
    common = [(KINDS[2], None, "cus_elsewhere", second) for second in range(3000)]
    rare = [(KINDS[1], OTHER, held[second % 20], second * 10) for second in range(60)]
    await put_events(scope, *common, *rare)
    full, holder = viewer(scope, PartnerRole.FULL_ADMINISTRATOR), viewer(scope, PartnerRole.ADMINISTRATOR)
    asked: list[tuple[Scope, dict[str, Any]]] = [
        (full, {}),
        (full, {"kind": [KINDS[1]]}),
        (full, {"actor": [OTHER]}),
        (full, {"customer": held[:3]}),
        (full, {"since": BEGIN, "until": BEGIN + 5 * SECOND}),
        (full, {"kind": [KINDS[1]], "until": BEGIN + 300 * SECOND}),
        (holder, {}),
        (holder, {"customer": held[:3]}),
        (holder, {"actor": [OTHER]}),
    ]
    for reader, given in asked:
        condition, after = activity_condition(given), None
        for _ in range(2):
            page = await Activity(reader).page(condition, PageRequest(first=5, after=after))
            assert page.rows and await _examined(client, watch) <= 6 + 2 * 21, given
            after = page.end_cursor
        oldest = await Activity(reader).page(condition, PageRequest(last=5))
        assert oldest.rows and await _examined(client, watch) <= 6 + 2 * 21, given


async def test_the_logs_of_many_customers_are_read_by_the_index(watched: tuple[Client, Watch]) -> None:
    client, watch = watched
    scope = await partner_scope(client)
    customers = [await add_customer(scope, f"ORG-{number}") for number in range(10)]
    await put_events(scope, *((KINDS[2], None, customers[second % 10], second) for second in range(1000)))
    watch.queries.clear()
    await Activity(viewer(scope, PartnerRole.FULL_ADMINISTRATOR)).first_pages([(customer, 5) for customer in customers])
    (query,) = watch.queries
    kept = {key: value for key, value in query.items() if key in ("aggregate", "pipeline", "cursor")}
    joined = (await client.command({"explain": kept, "verbosity": "executionStats"}))["stages"][-1]
    assert (joined["collectionScans"], joined["indexesUsed"]) == (0, ["keys_newest"])
    assert max(joined["totalKeysExamined"], joined["totalDocsExamined"]) <= 10 * 6


async def test_who_holds_many_customers_reads_a_bounded_stretch(watched: tuple[Client, Watch]) -> None:
    client, watch = watched
    scope = await partner_scope(client)
    for number in range(3):
        await add_customer(scope, f"ORG-{number}", assignments=[assignment(HOLDER)])
    await scope.collection("events").delete_many(scope.match())
    await put_events(scope, *((KINDS[2], None, "cus_elsewhere", second) for second in range(300)))
    watch.queries.clear()
    activity = Activity(
        viewer(scope, PartnerRole.ADMINISTRATOR), ActivityLimits(max_customers=2, batch_size=50, max_examined=100)
    )
    page = await activity.page(ActivityCondition(), PageRequest(first=5))
    assert (list(page.rows), page.has_next, page.end_cursor is not None) == ([], True, True)
    asked = [query["find"] for query in watch.queries]
    assert (asked.count("events"), asked.count("customers")) == (2, 3)
