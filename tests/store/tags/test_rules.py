"""Tags with rules: writes, the clock, the job of a new rule, and what administrators cannot do with such tags."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from domain.failures import Forbidden, InputRejected
from domain.imports.records import ImportKind
from domain.inputs import ABSENT
from domain.partner.tags import ChangeCustomerTags, CreateTag, CustomerSelection, DeleteTag, TagColor, UpdateTag
from domain.types import PartnerRole
from jobs.clock import evaluate_due
from jobs.imports.runner import import_stream
from jobs.reevaluate import reevaluate_customers
from store.changes.consistency_check import check_customers, repair_customers
from store.changes.mutations import ChangedObject, MutationRequest, mutate
from store.database.client import Client, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tags.assignment import TaggingResult, assign_tags, remove_tags
from store.tags.changes import TagSaved, create_tag, delete_tag, update_tag
from tests.api_server import administrator_document
from tests.store.factory_customers import DAY, add_customer, events_of, partner_scope, stored, subscription, trial


async def full_administrator(client: Client, role: PartnerRole = PartnerRole.FULL_ADMINISTRATOR) -> Scope:
    scope = await partner_scope(client)
    accepted = {"$set": {"terms_accepted_at": scope.now}}
    await scope.collection("partners").update_one(scope.match(), accepted)
    administrator = administrator_document(scope, role)
    await scope.collection("administrators").insert_many([administrator])
    return Scope(client, scope.partner_id, utc_now(), administrator["_id"], role)


async def create(scope: Scope, name: str, rule: Any = ABSENT) -> TagSaved:
    given = CreateTag(name=name, color=TagColor.GRAY, rule=rule)
    return (await mutate(scope, MutationRequest("create_tag", given), create_tag, TagSaved)).result


async def update(scope: Scope, tag_id: str, version: int = 1, **fields: Any) -> TagSaved:
    given = UpdateTag(id=tag_id, version=version, **fields)
    return (await mutate(scope, MutationRequest("update_tag", given), update_tag, TagSaved)).result


async def delete(scope: Scope, tag_id: str, version: int = 1) -> None:
    request = MutationRequest("delete_tag", DeleteTag(id=tag_id, version=version))
    await mutate(scope, request, delete_tag, ChangedObject)


async def assign(scope: Scope, customer: str, *tags: str, is_addition: bool = True) -> TaggingResult:
    given = ChangeCustomerTags(customers=CustomerSelection(ids=(customer,)), tags=tags)
    body = assign_tags if is_addition else remove_tags
    return (await mutate(scope, MutationRequest("assign_tags", given), body, TaggingResult)).result


async def rejected(awaited: Any) -> list[str]:
    with pytest.raises(InputRejected) as rejection:
        await awaited
    return [f"{error.code} {error.message.text}" for error in rejection.value.user_errors]


async def settle(scope: Scope) -> None:
    """Run the job of changed rules to its end; everything stored is then right."""
    while await reevaluate_customers(scope.client):
        pass
    assert [problem async for problem in check_customers(scope)] == []


async def names(scope: Scope, customer: str) -> list[str]:
    tags = {tag["_id"]: tag["name"] for tag in await scope.collection("tags").find(scope.match())}
    return sorted(tags[tag] for tag in (await stored(scope, customer))["tag_ids"])


async def told(scope: Scope, customer: str) -> list[tuple[str, str]]:
    events = await events_of(scope, customer)
    return [(event["kind"], event["summary"]) for event in events if event["kind"].startswith("TAGS_")]


async def test_a_rule_is_kept_true_by_the_job_writes_and_deletion(client: Client) -> None:
    scope = await full_administrator(client)
    on_trial = await add_customer(scope, "C-1", trial("T-1"))
    other = await add_customer(scope, "C-2", subscription("S-1"))
    vip = await create(scope, "VIP")
    ruled = await create(scope, "Trying", {"status": ["TRIAL"]})
    both = await create(scope, "VIP on trial", {"tag": [vip.id], "subscription_type": ["TRIAL"]})
    assert vip.job is None and ruled.job is not None
    await settle(scope)
    assert (await names(scope, on_trial), await names(scope, other)) == (["Trying"], [])
    assert await told(scope, on_trial) == [("TAGS_ASSIGNED", "Tag Trying was put on Customer C-1 by its rule")]
    # A tag that administrators assign decides a rule in the same transaction.
    await assign(scope, on_trial, vip.id)
    assert await names(scope, on_trial) == ["Trying", "VIP", "VIP on trial"]
    # A new customer and a change of the rule.
    late = await add_customer(scope, "C-3", trial("T-3"))
    assert await names(scope, late) == ["Trying"]
    assert (await update(scope, ruled.id, rule={"status": ["SUBSCRIPTION"]})).job is not None
    await settle(scope)
    assert (await names(scope, late), await names(scope, other)) == ([], ["Trying"])
    assert (await told(scope, late))[-1] == ("TAGS_REMOVED", "Tag Trying was taken off Customer C-3 by its rule")
    # Deletion takes it off and nothing puts it on again.
    await delete(scope, ruled.id, version=2)
    assert await names(scope, other) == []
    await assign(scope, other, vip.id)
    assert await names(scope, other) == ["VIP"]
    # Without a rule, customers keep the tag, and administrators take it off.
    await update(scope, both.id, rule=None)
    await assign(scope, on_trial, both.id, is_addition=False)
    assert await names(scope, on_trial) == ["VIP"]
    await settle(scope)


async def test_the_clock_keeps_a_window_of_time_true(client: Client) -> None:
    scope = await full_administrator(client)
    soon = await create(scope, "Ends soon", {"expires_within_days": 20})
    moment = utc_now() + DAY / 86_400
    customer = await add_customer(scope, "C-1", subscription("S-1", ends_at=moment + 20 * DAY))
    assert (await stored(scope, customer))["due_at"] == moment
    assert await names(scope, customer) == []
    while utc_now() <= moment:
        await evaluate_due(client)
    await evaluate_due(client)
    assert await names(scope, customer) == ["Ends soon"]
    assert await told(scope, customer) == [("TAGS_ASSIGNED", "Tag Ends soon was put on Customer C-1 by its rule")]
    await settle(scope)
    # A repair follows the rules as well.
    await scope.collection("customers").bulk_write([UpdateMany(scope.match(), {"$set": {"tag_ids": []}})])
    problems = [problem.description async for problem in check_customers(scope)]
    assert f"tag {soon.id} is amiss" in problems
    await repair_customers(scope, [customer])
    assert await names(scope, customer) == ["Ends soon"]
    await settle(scope)


def _nested(condition: dict[str, Any], depth: int = 5) -> Iterator[dict[str, Any]]:
    """Filters that contain the condition, as deep as filters nest."""
    for name in ("all_of", "any_of", "not_"):
        inner = condition
        for _ in range(depth):
            inner = {"not_": inner} if name == "not_" else {name: [{"country": ["DE"]}, inner]}
        yield inner


async def test_no_nested_filter_of_a_rule_reads_tags_with_rules(client: Client) -> None:
    scope = await full_administrator(client)
    ruled = await create(scope, "Ruled", {"status": ["TRIAL"]})
    cannot_refer = "INVALID A tag's rule cannot refer to itself or to a tag that has a rule."
    cannot_ask = "INVALID A tag's rule cannot contain hasTags: the tag itself would change the result."
    conditions: list[dict[str, Any]] = [{"tag": [ruled.id]}, {"has_tags": True}, {"has_tags": False}]
    for number, (condition, error) in enumerate(zip(conditions, (cannot_refer, cannot_ask, cannot_ask), strict=True)):
        for filter_ in _nested(condition):
            assert await rejected(create(scope, f"B{number}", filter_)) == [error]
            # Nor does the rule of the tag itself.
            assert error in await rejected(update(scope, ruled.id, rule=filter_))
    vip = await create(scope, "VIP")
    for number, filter_ in enumerate(_nested({"tag": [vip.id]})):
        dependent = await create(scope, f"C{number}", filter_)
        # What such a rule reads cannot get a rule itself.
        assert await rejected(update(scope, vip.id, rule={"status": ["TRIAL"]})) == [
            "INVALID Another tag's rule refers to this tag, so that it cannot have a rule."
        ]
        await delete(scope, dependent.id)


async def test_no_selection_of_customers_and_no_import_assigns_a_tag_with_a_rule(client: Client) -> None:
    scope = await full_administrator(client)
    await add_customer(scope, "C-1", subscription("S-1"))
    ruled, vip = await create(scope, "Ruled", {"status": ["TRIAL"]}), await create(scope, "VIP")
    for matching in ({}, {"tag": [vip.id]}, {"not_": {"tag": [ruled.id]}}):
        for is_dry_run in (False, True):
            selection = CustomerSelection(matching=matching)
            given = ChangeCustomerTags(customers=selection, tags=(vip.id, ruled.id), dry_run=is_dry_run)
            for body in (assign_tags, remove_tags):
                assert await rejected(mutate(scope, MutationRequest("assign_tags", given), body, TaggingResult)) == [
                    "WRONG_STATE The tag {name} has a rule, which alone decides its customers."
                ]
    line = b'{"externalId": "C-1", "name": "Acme", "managedBy": "PARTNER_ORGANIZATION", "tags": ["Ruled"]}'
    await import_stream(replace(scope, administrator_id=None, role=None), ImportKind.CUSTOMERS, _stream(line))
    (customer,) = await scope.collection("customers").find(scope.match())
    assert (customer["name"], customer["tag_ids"]) == ("Acme", [])


async def _stream(line: bytes) -> AsyncIterator[bytes]:
    yield line


async def test_what_a_rule_forbids_is_rejected(client: Client) -> None:
    scope = await full_administrator(client)
    customer = await add_customer(scope, "C-1", trial("T-1"))
    vip = await create(scope, "VIP")
    ruled = await create(scope, "Ruled", {"tag": [vip.id]})
    has_rule = "WRONG_STATE The tag {name} has a rule, which alone decides its customers."
    assert await rejected(assign(scope, customer, ruled.id)) == [has_rule]
    assert await rejected(assign(scope, customer, ruled.id, is_addition=False)) == [has_rule]
    assert await rejected(create(scope, "B", {"tag": [ruled.id]})) == [
        "INVALID A tag's rule cannot refer to itself or to a tag that has a rule."
    ]
    assert await rejected(create(scope, "B", {"tag": ["tag_unknown"]})) == [
        "INVALID The rule refers to a tag that does not exist."
    ]
    assert await rejected(create(scope, "B", {"search": "x" * 101})) != []
    assert await rejected(update(scope, vip.id, rule={"status": ["TRIAL"]})) == [
        "INVALID Another tag's rule refers to this tag, so that it cannot have a rule."
    ]
    assert await rejected(delete(scope, vip.id)) == [
        "WRONG_STATE The rule of the tag {name} refers to this tag: change that rule first."
    ]
    assert (await update(scope, ruled.id, rule={"tag": [vip.id]})).job is None
    for number in range(19):
        await create(scope, f"R{number}", {"status": ["TRIAL"]})
    assert await rejected(create(scope, "R20", {})) == ["LIMIT_REACHED A partner has at most {most} tags with rules."]
    assigned = administrator_document(scope, PartnerRole.ADMINISTRATOR)
    await scope.collection("administrators").insert_many([assigned])
    limited = Scope(client, scope.partner_id, utc_now(), assigned["_id"], PartnerRole.ADMINISTRATOR)
    for refused in (create(limited, "C", {}), delete(limited, ruled.id), update(limited, ruled.id, rule=None)):
        with pytest.raises(Forbidden):
            await refused
    await update(limited, ruled.id, name="Renamed")
    partner = await scope.collection("partners").find_one(scope.match())
    assert partner is not None and partner["tag_rules"][0]["name"] == "Renamed"
