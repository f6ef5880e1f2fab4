"""Every role × every mutation × what is one's own, unassigned, foreign and nowhere (domain.md, "Who may do what").

The tables are written from domain.md, apart from the code; a mutation that is not in them fails the first test.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from schema.build import build_schema
from tests.api_server import ApiHarness
from tests.exported_schema import printed_schema
from tests.schema.factory_mutations import ROLES, stored_events
from tests.schema.factory_paths import SCHEMA, id_places
from tests.schema.factory_walk import ADMINISTRATOR, CASES, FULL, HOOK_URL, READ_ONLY, TARGETS, PartnerPair, TargetIds

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "EDIT_TAGS": (FULL, ADMINISTRATOR),
    "MANAGE_TRIALS": (FULL, ADMINISTRATOR),
    "SET_UP_ORDERS": (FULL, ADMINISTRATOR),
    "LAUNCH_CUSTOMER": ROLES,
    "LAUNCH_ORGANIZATION": (FULL, ADMINISTRATOR, READ_ONLY),
    "ASSIGN_ADMINISTRATORS": (FULL,),
    "MANAGE_ADMINISTRATORS": (FULL,),
    "MANAGE_ORGANIZATION": (FULL,),
    "CONTACT_HELPDESK": ROLES,
    "MANAGE_INTEGRATIONS": (FULL,),
    "READ_CUSTOMERS": ROLES,
    "READ_ANALYTICS": (FULL, ADMINISTRATOR, READ_ONLY),
    "READ_ACTIVITY": (FULL, ADMINISTRATOR, READ_ONLY),
}


def test_the_table_names_every_mutation() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    assert set(CASES) == set(mutation.fields)


@pytest.mark.parametrize("name", CASES)
def test_permissions_print_in_the_schema(name: str) -> None:
    arguments = printed_schema().partition("type Mutation {")[2].partition(f"  {name}(")[2]
    field = arguments.partition("  ): ")[2].partition("\n")[0]
    permission = CASES[name].permission
    assert ("@requiresPermission" in field) == (permission is not None)
    assert permission is None or f"@requiresPermission(permission: {permission})" in field


def _is_in_sight(role: str, target: str, target_kind: str | None) -> bool:
    if target_kind is None or target == "own":
        return True
    if target != "unassigned":
        return False
    unassigned = {"customer": role != ADMINISTRATOR, "view": False, "request": role == FULL}
    unassigned |= {"rule": role == FULL, "alert": False}
    return unassigned.get(target_kind, True)


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_may_do_to_what(api: ApiHarness, role: str) -> None:
    world = PartnerPair(api, role)
    for name, case in CASES.items():
        answers: dict[str, Any] = {}
        # A mutation that has no target would get the same input four times.
        for target in TARGETS if case.target_kind is not None else ("own",):
            answer = world.send_mutation(world.token, name, "__typename", case.build_input(world.ids(target)))
            answers[target] = answer
            if case.permission is not None and role not in PERMISSIONS[case.permission]:
                assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN", "permission": case.permission}, name
                continue
            assert "errors" not in answer, (name, target, answer)
            codes = {error["code"] for error in answer["data"][name]["userErrors"]}
            is_missing = "NOT_FOUND" in codes
            assert is_missing is not _is_in_sight(role, target, case.target_kind), (name, target, answer)
            assert name == "completeSetupStep" or is_missing or codes == set(), (name, target, answer)
        if case.target_kind is not None:
            assert answers["foreign"] == answers["nowhere"], name
            assert _is_in_sight(role, "unassigned", case.target_kind) or answers["unassigned"] == answers["nowhere"], (
                name
            )


def _filter(ids: TargetIds) -> dict[str, Any]:
    return {"tag": [ids.tag], "administrator": [ids.administrator]}


# Inputs with ids that the walk above does not aim at anything, by a name of their own.
MORE_INPUTS: Mapping[str, Callable[[TargetIds], dict[str, Any]]] = {
    "assignTags": lambda ids: {"customers": {"matching": _filter(ids)}, "tags": [ids.home_tag]},
    "removeTags": lambda ids: {"customers": {"matching": _filter(ids)}, "tags": [ids.home_tag]},
    # Without a name: the first of two creations would make the second one TAKEN.
    "createTag": lambda ids: {"name": " ", "rule": _filter(ids)},
    "updateTag": lambda ids: {"id": ids.home_tag, "version": 99, "rule": _filter(ids)},
    "saveCustomerView": lambda ids: {"id": ids.view, "filter": _filter(ids)},
    "createWebhook": lambda ids: {"name": "Hook", "url": HOOK_URL, "filter": _filter(ids)},
    "exportCustomers": lambda ids: {"filter": _filter(ids)},
    "exportLicenseReport": lambda ids: {"report": "EXPIRING", "product": "CALLING", "filter": _filter(ids)},
    "exportActivity": lambda ids: {"filter": {"actor": [ids.administrator], "customer": [ids.customer]}},
    # Another version: the first of two changes would make the second one STALE.
    "updateWebhook": lambda ids: {"id": ids.webhook, "version": 99, "filter": _filter(ids)},
    "saveAlertRule": lambda ids: {"id": ids.rule, "filter": _filter(ids)},
}
# These name what a delivery names: a customer of this partner only.
NAMES_OF_DELIVERIES = {"startTrial.input.customer.new.externalId", "updateCustomer.input.externalId"}
KINDS = {name[:3]: name for name in TargetIds.KINDS} | {
    "adm": "administrator",
    "viw": "view",
    "hlp": "request",
    "whk": "webhook",
    "alr": "rule",
    "alt": "alert",
}


def _with_each_id_replaced(value: Any, ids: TargetIds, place: str) -> Iterator[tuple[str, Any]]:
    """Yield each place of the value that holds an id, and the value with the id of the same kind of `ids` there."""
    if isinstance(value, dict):
        for key, held in value.items():
            for where, other in _with_each_id_replaced(held, ids, f"{place}.{key}"):
                yield where, {**value, key: other}
    elif isinstance(value, list):
        yield from ((where, [other]) for where, other in _with_each_id_replaced(value[0], ids, place))
    elif isinstance(value, str) and re.fullmatch("[a-z]{3}_[0-9a-f]{24}", value):
        yield place, ids.of_kind(KINDS[value[:3]])


def _inputs(name: str, ids: TargetIds) -> list[dict[str, Any]]:
    builders = [CASES[name].build_input, *filter(None, [MORE_INPUTS.get(name)])]
    return [build(ids) for build in builders]


@pytest.mark.parametrize("role", ROLES)
def test_a_foreign_id_in_any_place_of_an_input_answers_as_one_that_is_nowhere(api: ApiHarness, role: str) -> None:
    world = PartnerPair(api, role)
    foreign, nowhere = world.ids("foreign"), world.ids("nowhere")
    assert all(foreign.of_kind(kind) for kind in TargetIds.KINDS)
    before = len(stored_events(api, api.other))
    places = set()
    for name in CASES:
        for given in _inputs(name, world.ids("own")):
            tried = [list(_with_each_id_replaced(given, ids, f"{name}.input")) for ids in (foreign, nowhere)]
            for (place, with_foreign), (_, with_missing) in zip(*tried, strict=True):
                answers = [
                    world.send_mutation(world.token, name, "__typename", each) for each in (with_foreign, with_missing)
                ]
                for answer in answers:
                    answer.pop("extensions", None)  # The time of a change.
                assert answers[0] == answers[1], (place, answers)
                places.add(place)
    assert places == id_places(SCHEMA.mutation_type) - NAMES_OF_DELIVERIES
    assert len(stored_events(api, api.other)) == before


def test_a_forbidden_mutation_leaves_the_answer_of_its_neighbour(api: ApiHarness) -> None:
    world = PartnerPair(api, ADMINISTRATOR)
    query = """mutation {
        createTag(input: {name: "Gold"}) { tag { name } }
        setService(input: {product: CALLING, enabled: true}) { partner { id } }
    }"""
    answer = api.execute(world.token, query)
    assert answer["data"] == {"createTag": {"tag": {"name": "Gold"}}, "setService": None}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["setService"], "FORBIDDEN")
    ]
