"""Every role × every mutation × what is one's own, unassigned, foreign and nowhere (domain.md, "Who may do what").

The tables are written from domain.md, apart from the code; a mutation that is not in them fails the first test.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from schema.build import build_schema
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import ROLES
from tests.schema.factory_walk import ADMINISTRATOR, CASES, FULL, READ_ONLY, TARGETS, PartnerPair

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
}


def test_the_table_names_every_mutation() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    assert set(CASES) == set(mutation.fields)


@pytest.mark.parametrize("name", CASES)
def test_permissions_print_in_the_schema(name: str) -> None:
    arguments = build_schema().as_str().partition("type Mutation {")[2].partition(f"  {name}(")[2]
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
    return unassigned.get(target_kind, True)


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_may_do_to_what(api: ApiHarness, role: str) -> None:
    world = PartnerPair(api, role)
    for name, case in CASES.items():
        answers: dict[str, Any] = {}
        for target in TARGETS:
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
