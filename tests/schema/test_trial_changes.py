"""Extending, ending and converting a trial."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import format_instant, parse_instant
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import customer_record, invoice_record, subscription_record, trial_record
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, subscription, trial

TRIAL = """trial { id number state endsAt endedEarlyAt version convertedTo { id }
  extensions { at days by { id } } customer { version statuses subscriptionTypes } }"""
SUBSCRIPTION = """subscription { id number state startsAt endsAt autoRenew renewsAt
  licenses { product total assigned used } orders { totalCount nodes { number kind placedAt lines { quantity } } } }"""
DAY = timedelta(days=1)
LINES = [{"product": "CALLING", "total": 10, "assigned": 7, "used": 3, "day": None}]
# Each mutation of a trial, what its payload shows of it, and what its input has beside id and version.
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "extendTrial": (TRIAL, {"days": 5}),
    "changeTrial": (TRIAL, {"licenses": [{"product": "MESSAGING", "licenses": 7}]}),
    "endTrial": (TRIAL, {}),
    "convertTrial": (f"{TRIAL} {SUBSCRIPTION}", {"number": "SUB-NEW"}),
}


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def held(api: ApiHarness, document: dict[str, Any], external_id: str = "C-1", **facts: Any) -> str:
    """The id of the trial, whose customer is added with it."""
    api.store(lambda scope: add_customer(scope, external_id, document, **facts))
    return str(document["_id"])


def change(api: ApiHarness, token: str, name: str, id_: str, version: int = 1, **given: Any) -> dict[str, Any]:
    selection, usual = CHANGES[name]
    return send_mutation(api, token, name, selection, id=id_, version=version, **{**usual, **given})


def new_events(api: ApiHarness) -> list[dict[str, Any]]:
    return [event for event in stored_events(api) if event["kind"] not in ("CUSTOMER_ADDED", "STATUS_CHANGED")]


def imported(api: ApiHarness, kind: ImportKind, line: dict[str, Any]) -> Any:
    return api.store(lambda scope: import_lines(scope, kind, line)).counts


def stored(api: ApiHarness, collection: str, **where: Any) -> list[dict[str, Any]]:
    return api.store(lambda scope: documents(scope, collection, **where))


def test_an_extension_adds_days_to_the_end(api: ApiHarness, token: str) -> None:
    document = trial("T-1")
    id_ = held(api, document)
    made = change(api, token, "extendTrial", id_)["trial"]
    assert made["endsAt"] == format_instant(document["ends_at"] + 5 * DAY)
    assert (made["version"], made["customer"]["version"], made["state"]) == (2, 2, "ACTIVE")
    again = change(api, token, "extendTrial", id_, version=2, days=1)["trial"]
    assert [one["days"] for one in again["extensions"]] == [5, 1]
    first, second = new_events(api)
    assert (first["kind"], first["subject_id"], first["actor_id"]) == (
        "TRIAL_EXTENDED",
        id_,
        made["extensions"][0]["by"]["id"],
    )
    until = document["ends_at"] + 5 * DAY
    assert first["summary"] == f"Trial T-1 of Customer C-1 was extended by 5 days, until {until.date()}"
    assert first["changes"] == {"ends_at": [document["ends_at"], until]}
    assert "extended by a day" in second["summary"]


def test_an_extension_turns_the_statuses_that_follow_from_the_end(api: ApiHarness, token: str) -> None:
    made = change(api, token, "extendTrial", held(api, trial("T-1", ends_at=utc_now() + 5 * DAY)), days=20)
    assert made["trial"]["customer"]["statuses"] == ["TRIAL"]
    (turned,) = [event for event in stored_events(api) if event.get("left")]
    assert turned["left"] == ["EXPIRING_SOON"]


@pytest.mark.parametrize("days", [91, 120, 2**31 - 1])
def test_with_extensions_a_trial_lasts_120_days_from_its_start(api: ApiHarness, token: str, days: int) -> None:
    id_ = held(api, trial("T-1"))
    refused = change(api, token, "extendTrial", id_, days=days)
    assert user_error_codes(refused) == [("TRIAL_TOO_LONG", ["input", "days"])]
    assert "90 more" in refused["userErrors"][0]["message"]
    assert change(api, token, "extendTrial", id_, days=90)["userErrors"] == []
    assert user_error_codes(change(api, token, "extendTrial", id_, version=2, days=1)) == user_error_codes(refused)


def test_limits_bind_mutations_and_not_imports(api: ApiHarness, token: str) -> None:
    now = utc_now()
    id_ = held(api, trial("T-1", starts_at=now - 100 * DAY, ends_at=now + 200 * DAY))
    assert user_error_codes(change(api, token, "extendTrial", id_)) == [("TRIAL_TOO_LONG", ["input", "days"])]
    assert change(api, token, "endTrial", id_)["userErrors"] == []


@pytest.mark.parametrize("days", [0, -1, -(2**31)])
def test_an_extension_never_shortens(api: ApiHarness, token: str, days: int) -> None:
    assert user_error_codes(change(api, token, "extendTrial", held(api, trial("T-1")), days=days)) == [
        ("INVALID", ["input", "days"])
    ]


def test_ending_sets_the_end_to_now(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1"))
    before = utc_now()
    made = change(api, token, "endTrial", id_)["trial"]
    assert before <= parse_instant(made["endsAt"]) <= utc_now()
    assert (made["endsAt"], made["state"], made["version"]) == (made["endedEarlyAt"], "EXPIRED", 2)
    assert made["customer"]["statuses"] == ["EXPIRED"]
    (told,) = new_events(api)
    assert (told["kind"], told["summary"]) == ("TRIAL_ENDED", "Trial T-1 of Customer C-1 was ended")


def test_a_conversion_ends_the_trial_and_starts_a_subscription_in_one(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1", licenses=LINES))
    made = change(api, token, "convertTrial", id_, months=1)
    ended, begun = made["trial"], made["subscription"]
    assert (begun["number"], begun["state"], begun["autoRenew"]) == ("SUB-NEW", "ACTIVE", True)
    assert ended["endsAt"] == ended["endedEarlyAt"] == begun["startsAt"]
    assert begun["endsAt"] == begun["renewsAt"]
    assert 28 * DAY <= parse_instant(begun["endsAt"]) - parse_instant(begun["startsAt"]) <= 31 * DAY
    assert begun["licenses"] == [{name: LINES[0][name] for name in ("product", "total", "assigned", "used")}]
    assert (ended["convertedTo"], ended["state"]) == ({"id": begun["id"]}, "EXPIRED")
    assert ended["customer"] == {"version": 2, "statuses": ["SUBSCRIPTION"], "subscriptionTypes": ["SUBSCRIPTION"]}
    order = {"number": "SUB-NEW-N1", "kind": "NEW", "placedAt": begun["startsAt"], "lines": [{"quantity": 10}]}
    assert begun["orders"] == {"totalCount": 1, "nodes": [order]}
    (told,) = new_events(api)
    assert (told["kind"], told["subject_id"]) == ("TRIAL_CONVERTED", id_)
    assert told["summary"] == "Trial T-1 of Customer C-1 became subscription SUB-NEW"
    assert told["changes"]["converted_to"] == [None, begun["id"]]
    (turned,) = [event for event in stored_events(api) if event.get("entered") == ["SUBSCRIPTION"]]
    assert turned["left"] == ["TRIAL"]


def test_a_conversion_lasts_twelve_months_and_may_not_renew(api: ApiHarness, token: str) -> None:
    made = change(api, token, "convertTrial", held(api, trial("T-1")), autoRenew=False)["subscription"]
    lasts = parse_instant(made["endsAt"]) - parse_instant(made["startsAt"])
    assert 365 * DAY <= lasts <= 366 * DAY
    assert (made["autoRenew"], made["renewsAt"]) == (False, None)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"number": " "}, "BLANK", "number"),
        ({"number": "x" * 101}, "TOO_LONG", "number"),
        ({"number": "a\x00"}, "INVALID", "number"),
        ({"number": "T-1"}, "TAKEN", "number"),
        ({"number": " S-2\u200b"}, "TAKEN", "number"),
        ({"months": 0}, "INVALID", "months"),
        ({"months": 61}, "INVALID", "months"),
    ],
)
def test_a_bad_conversion_is_told_with_its_field(
    api: ApiHarness, token: str, given: Any, code: str, field: str
) -> None:
    api.store(lambda scope: add_customer(scope, "C-2", subscription("S-2")))
    id_ = held(api, trial("T-1"))
    assert user_error_codes(change(api, token, "convertTrial", id_, **given)) == [(code, ["input", field])]
    assert new_events(api) == []
    assert [one["state"] for one in api_trials(api, token)] == ["ACTIVE"]


def api_trials(api: ApiHarness, token: str) -> list[dict[str, Any]]:
    query = '{ customer(by: {externalId: "C-1"}) { trials(includeEnded: true) { state } } }'
    found: list[dict[str, Any]] = api.execute_data(token, query)["customer"]["trials"]
    return found


LICENSES = "trial { version licenses { product total assigned used } customer { products statuses } }"


def licenses(**totals: int) -> list[dict[str, Any]]:
    return [{"product": product, "licenses": total} for product, total in totals.items()]


def test_a_change_of_licenses_keeps_what_is_assigned_and_what_is_not_given(api: ApiHarness, token: str) -> None:
    meetings = {"product": "MEETINGS", "total": 5, "assigned": 1, "used": 1, "day": None}
    id_ = held(api, trial("T-1", licenses=[*LINES, meetings]))
    given = {"id": id_, "version": 1, "licenses": licenses(CALLING=6, MESSAGING=7)}
    made = send_mutation(api, token, "changeTrial", LICENSES, **given)
    assert made["userErrors"] == []
    assert made["trial"]["licenses"] == [
        {"product": "MEETINGS", "total": 5, "assigned": 1, "used": 1},
        {"product": "CALLING", "total": 6, "assigned": 7, "used": 3},
        {"product": "MESSAGING", "total": 7, "assigned": 0, "used": 0},
    ]
    assert made["trial"]["version"] == 2
    assert made["trial"]["customer"]["products"] == ["MEETINGS", "CALLING", "MESSAGING"]
    assert "LICENSE_OVERAGE" in made["trial"]["customer"]["statuses"]
    (told,) = new_events(api)
    assert (told["kind"], told["subject_id"]) == ("TRIAL_CHANGED", id_)
    assert told["summary"] == (
        "Trial T-1 of Customer C-1 was changed: licenses are now 6 of Calling, 5 of Meetings and 7 of Messaging"
    )
    before, after = told["changes"]["licenses"]
    totals = [sorted((line["product"], line["total"]) for line in lines) for lines in (before, after)]
    assert totals == [[("CALLING", 10), ("MEETINGS", 5)], [("CALLING", 6), ("MEETINGS", 5), ("MESSAGING", 7)]]


def test_a_product_with_no_licenses_leaves_the_trial_but_not_the_last_one(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1", licenses=LINES))
    refused = change(api, token, "changeTrial", id_, licenses=licenses(CALLING=0))
    assert user_error_codes(refused) == [("INVALID", ["input", "licenses"])]
    given = {"id": id_, "version": 1, "licenses": licenses(CALLING=0, MEETINGS=1)}
    made = send_mutation(api, token, "changeTrial", LICENSES, **given)["trial"]
    assert made["licenses"] == [{"product": "MEETINGS", "total": 1, "assigned": 0, "used": 0}]
    assert made["customer"]["products"] == ["MEETINGS"]


def test_the_same_licenses_change_nothing(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1", licenses=LINES))
    made = change(api, token, "changeTrial", id_, licenses=licenses(CALLING=10, MESSAGING=0))
    assert (made["userErrors"], made["trial"]["version"], new_events(api)) == ([], 1, [])


def test_a_product_of_another_running_trial_cannot_be_added(api: ApiHarness, token: str) -> None:
    other, over_now = trial("T-2"), trial("T-3", licenses=LINES, ends_at=utc_now() - DAY)
    document = trial("T-1", licenses=[{**LINES[0], "product": "MESSAGING"}])
    api.store(lambda scope: add_customer(scope, "C-1", document, other, over_now))
    refused = change(api, token, "changeTrial", document["_id"], licenses=licenses(CALLING=1, MEETINGS=1))
    assert user_error_codes(refused) == [("TRIAL_RUNNING", ["input", "licenses", "1", "product"])]
    assert change(api, token, "changeTrial", document["_id"], licenses=licenses(CALLING=1))["userErrors"] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], [("INVALID", ["input", "licenses"])]),
        (licenses(CALLING=-1), [("INVALID", ["input", "licenses", "0", "licenses"])]),
        (licenses(CALLING=1_001), [("INVALID", ["input", "licenses", "0", "licenses"])]),
        ([*licenses(CALLING=1), *licenses(CALLING=1)], [("INVALID", ["input", "licenses", "1", "product"])]),
    ],
)
def test_bad_licenses_of_a_change_are_told(api: ApiHarness, token: str, given: Any, expected: Any) -> None:
    id_ = held(api, trial("T-1"))
    assert user_error_codes(change(api, token, "changeTrial", id_, licenses=given)) == expected
    assert new_events(api) == []


@pytest.mark.parametrize("name", ["changeTrial", "convertTrial"])
def test_the_number_of_a_product_with_several_lines_is_refused(api: ApiHarness, token: str, name: str) -> None:
    id_ = held(api, trial("T-1", licenses=[*LINES, *LINES]))
    refused = change(api, token, name, id_, licenses=licenses(MESSAGING=1, CALLING=1))
    assert user_error_codes(refused) == [("INVALID", ["input", "licenses", "1", "product"])]


def test_a_conversion_has_the_totals_that_are_given(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1", licenses=[*LINES, {**LINES[0], "product": "MEETINGS", "total": 4}]))
    given = licenses(CALLING=1_000_000, MESSAGING=2)
    begun = change(api, token, "convertTrial", id_, licenses=given)["subscription"]
    assert begun["licenses"] == [
        {"product": "MEETINGS", "total": 4, "assigned": 7, "used": 3},
        {"product": "CALLING", "total": 1_000_000, "assigned": 7, "used": 3},
        {"product": "MESSAGING", "total": 2, "assigned": 0, "used": 0},
    ]
    (order,) = begun["orders"]["nodes"]
    assert sorted(line["quantity"] for line in order["lines"]) == [2, 4, 1_000_000]


def test_lines_with_names_keep_them_and_their_orders_too(api: ApiHarness, token: str) -> None:
    named = [{**LINES[0], "name": "Workspace"}, {**LINES[0], "product": "OTHER", "name": "Fax", "total": 4}]
    id_ = held(api, trial("T-1", licenses=named))
    assert change(api, token, "changeTrial", id_, licenses=licenses(CALLING=8))["userErrors"] == []
    (told,) = new_events(api)
    assert told["summary"].endswith("licenses are now 8 of Calling Workspace and 4 of Fax")
    begun = change(api, token, "convertTrial", id_, version=2)["subscription"]
    assert [(one["product"], one["total"]) for one in begun["licenses"]] == [("CALLING", 8), ("OTHER", 4)]
    (order,) = stored(api, "orders")
    ordered = [("CALLING", "Workspace", 8), ("OTHER", "Fax", 4)]
    assert [(one["product"], one["name"], one["quantity"]) for one in order["lines"]] == ordered


@pytest.mark.parametrize("number", [0, -1, 1_000_001])
def test_bad_totals_of_a_conversion_are_told(api: ApiHarness, token: str, number: int) -> None:
    refused = change(api, token, "convertTrial", held(api, trial("T-1")), licenses=licenses(MEETINGS=number))
    assert user_error_codes(refused) == [("INVALID", ["input", "licenses", "0", "licenses"])]
    assert new_events(api) == []


@pytest.mark.parametrize("none", [None, []])
def test_a_conversion_without_totals_has_those_of_the_trial(api: ApiHarness, token: str, none: Any) -> None:
    begun = change(api, token, "convertTrial", held(api, trial("T-1", licenses=LINES)), licenses=none)["subscription"]
    assert [line["total"] for line in begun["licenses"]] == [10]


def scheduled() -> dict[str, Any]:
    return trial("T-1", starts_at=utc_now() + DAY)


def over() -> dict[str, Any]:
    return trial("T-1", ends_at=utc_now() - DAY)


@pytest.mark.parametrize(
    ("name", "make", "is_allowed"),
    [
        ("extendTrial", scheduled, True),
        ("endTrial", scheduled, True),
        ("convertTrial", scheduled, False),
        ("changeTrial", scheduled, False),
        ("changeTrial", over, False),
        ("extendTrial", over, False),
        ("endTrial", over, False),
        ("convertTrial", over, False),
    ],
)
def test_states(api: ApiHarness, token: str, name: str, make: Callable[[], dict[str, Any]], is_allowed: bool) -> None:
    made = change(api, token, name, held(api, make()))
    assert user_error_codes(made) == ([] if is_allowed else [("WRONG_STATE", ["input", "id"])])


def test_a_scheduled_trial_that_is_ended_never_begins(api: ApiHarness, token: str) -> None:
    made = change(api, token, "endTrial", held(api, scheduled()))["trial"]
    assert (made["state"], made["customer"]["statuses"]) == ("EXPIRED", ["EXPIRED"])


@pytest.mark.parametrize("name", CHANGES)
def test_a_stale_version_changes_nothing(api: ApiHarness, token: str, name: str) -> None:
    id_ = held(api, trial("T-1"))
    assert user_error_codes(change(api, token, name, id_, version=7)) == [("STALE", ["input", "version"])]
    assert new_events(api) == []


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_key_gives_the_first_answer_also_when_it_is_over(api: ApiHarness, token: str, name: str) -> None:
    id_ = held(api, trial("T-1"))
    first = change(api, token, name, id_, idempotencyKey="k")
    assert first["userErrors"] == []
    assert change(api, token, name, id_, idempotencyKey="k") == first
    again = change(api, token, name, id_, version=2, idempotencyKey="k")
    assert user_error_codes(again) == [("KEY_REUSED", ["input", "idempotencyKey"])]
    assert len(new_events(api)) == 1


@pytest.mark.parametrize("name", CHANGES)
def test_who_is_out_of_sight_does_not_exist(api: ApiHarness, token: str, name: str) -> None:
    mine = api.add_administrator("ADMINISTRATOR")
    given = {"administrator_id": mine, "assigned_at": utc_now(), "assigned_by": None, "expires_at": None}
    own = held(api, trial("T-0"), "C-0", assignments=[{**given, "imported": False}])
    unassigned = held(api, trial("T-1"))
    foreign_trial = trial("T-1")
    api.store(lambda scope: add_customer(scope, "C-1", foreign_trial), api.other)
    removed = held(api, trial("T-2"), "C-2", removed_at=utc_now())
    subscribed = held(api, subscription("S-3"), "C-3")
    ids = [unassigned, foreign_trial["_id"], removed, subscribed, "tri_" + "0" * 24, "nonsense", ""]
    answers = [change(api, api.token(mine), name, id_) for id_ in ids]
    assert user_error_codes(answers[0]) == [("NOT_FOUND", ["input", "id"])]
    assert answers == [answers[0]] * len(ids)
    assert user_error_codes(change(api, token, name, str(foreign_trial["_id"]))) == user_error_codes(answers[0])
    assert change(api, api.token(mine), name, own)["userErrors"] == []


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("role", ["READ_ONLY_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"])
def test_some_roles_may_not(api: ApiHarness, token: str, name: str, role: str) -> None:
    given = {"id": held(api, trial("T-1")), "version": 1, **CHANGES[name][1]}
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ trial {{ id }} }} }}"
    (error,) = api.execute(token_of(api, role), query, input=given)["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "MANAGE_TRIALS"}


def test_every_mistake_is_told_at_once(api: ApiHarness, token: str) -> None:
    id_ = held(api, over())
    assert user_error_codes(change(api, token, "convertTrial", id_, version=7, number="", months=0)) == [
        ("BLANK", ["input", "number"]),
        ("INVALID", ["input", "months"]),
        ("STALE", ["input", "version"]),
        ("WRONG_STATE", ["input", "id"]),
    ]
    assert user_error_codes(change(api, token, "extendTrial", "tri_" + "0" * 24, days=0)) == [
        ("INVALID", ["input", "days"]),
        ("NOT_FOUND", ["input", "id"]),
    ]


def test_twenty_extensions_in_eight_threads_lose_nothing(api: ApiHarness, token: str) -> None:
    document = trial("T-1")
    id_ = held(api, document)
    query = "query($id: ID!) { node(id: $id) { ... on Trial { version endsAt extensions { days } } } }"

    def extend(_: int) -> None:
        while True:
            version = api.execute_data(token, query, id=id_)["node"]["version"]
            made = change(api, token, "extendTrial", id_, version=version, days=1)
            if made["trial"] is not None:
                return
            assert user_error_codes(made) == [("STALE", ["input", "version"])]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(extend, range(20)))
    after = api.execute_data(token, query, id=id_)["node"]
    assert (after["version"], len(after["extensions"])) == (21, 20)
    assert after["endsAt"] == format_instant(document["ends_at"] + 20 * DAY)
    assert len(new_events(api)) == 20


def test_of_twenty_that_convert_at_once_one_does(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1"))
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda n: change(api, token, "convertTrial", id_, number=f"S-{n}"), range(20)))
    assert [one["userErrors"] == [] for one in made].count(True) == 1
    assert len(stored(api, "entitlements")) == 2
    assert len(stored(api, "orders")) == 1


def test_of_two_trials_that_take_one_number_at_once_one_does(api: ApiHarness, token: str) -> None:
    ids = [held(api, trial(f"T-{n}"), f"C-{n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = [user_error_codes(one) for one in pool.map(lambda id_: change(api, token, "convertTrial", id_), ids)]
    assert sorted(made) == [[], *[[("TAKEN", ["input", "number"])]] * 7]


@pytest.mark.parametrize("name", CHANGES)
def test_a_repeated_file_undoes_nothing(api: ApiHarness, token: str, name: str) -> None:
    now = utc_now()
    times = {"startsAt": format_instant(now - 10 * DAY), "endsAt": format_instant(now + 20 * DAY)}
    line = trial_record(**times)
    imported(api, ImportKind.CUSTOMERS, customer_record())
    imported(api, ImportKind.TRIALS, line)
    (document,) = stored(api, "entitlements")
    assert change(api, token, name, document["_id"])["userErrors"] == []
    before = stored(api, "entitlements"), stored(api, "events"), stored(api, "customers")
    assert imported(api, ImportKind.TRIALS, line) == (0, 0, 1, 0)
    assert (stored(api, "entitlements"), stored(api, "events"), stored(api, "customers")) == before
    # Other facts are delivered, and the dates as they were: still nothing of ours is undone.
    more = [{"product": "MEETINGS", "total": 99, "assigned": 5, "used": 3}]
    # What is delivered of a converted trial is kept and changes nothing.
    expected = (0, 0, 1, 0) if name == "convertTrial" else (0, 1, 0, 0)
    assert imported(api, ImportKind.TRIALS, trial_record(**times, licenses=more)) == expected
    ends = {one["number"]: one["ends_at"] for one in before[0]}
    assert {one["number"]: one["ends_at"] for one in stored(api, "entitlements")} == ends


def test_what_a_trial_became_is_met_by_later_deliveries(api: ApiHarness, token: str) -> None:
    id_ = held(api, trial("T-1"))
    made = change(api, token, "convertTrial", id_)["subscription"]
    ends = format_instant(utc_now() + 400 * DAY)
    line = subscription_record("SUB-NEW", autoRenew=True, endsAt=ends)
    assert imported(api, ImportKind.SUBSCRIPTIONS, line) == (0, 1, 0, 0)
    assert imported(api, ImportKind.INVOICES, invoice_record(subscription="SUB-NEW")) == (1, 0, 0, 0)
    query = """query($id: ID!) { node(id: $id) { ... on CustomerSubscription {
      endsAt invoice { number } orders { nodes { number } } } } }"""
    after = api.execute_data(token, query, id=made["id"])["node"]
    # The order of the conversion stands until the ordering system delivers its own.
    assert after == {"endsAt": ends, "invoice": {"number": "INV-1"}, "orders": {"nodes": [{"number": "SUB-NEW-N1"}]}}
    theirs = {"number": "ORD-9", "subscription": "SUB-NEW", "kind": "NEW", "placedAt": ends, "lines": []}
    assert imported(api, ImportKind.ORDERS, theirs) == (1, 0, 0, 0)
    assert api.execute_data(token, query, id=made["id"])["node"]["orders"] == {"nodes": [{"number": "ORD-9"}]}


def test_an_order_number_that_is_taken_is_left_alone(api: ApiHarness, token: str) -> None:
    async def work(scope: Scope) -> None:
        stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
        await scope.collection("orders").insert_many([{"_id": "ord_x", "number": "SUB-NEW-N1", **stamps}])

    api.store(work)
    made = change(api, token, "convertTrial", held(api, trial("T-1")))["subscription"]
    assert made["orders"]["nodes"][0]["number"] == "SUB-NEW-N2"
