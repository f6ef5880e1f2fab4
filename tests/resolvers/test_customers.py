"""The relations of a customer: which entitlements, administrators and tags are shown, and in which order."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from domain.customers.reasons import StatusReason, StatusReasonCode, reason_to_document
from domain.entitlements.lifecycle import LicenseFigures
from domain.languages.languages import Language
from domain.types import Product, SubscriptionType
from resolvers import customers, tags
from store.customers.documents import StatusDetail
from tests.resolvers.factory_context import (
    DAY,
    NOW,
    administrator_document,
    context_with,
    customer_document,
    entitlement_document,
    of_one,
)

CUSTOMER = customer_document()


def status_detail(reason: StatusReason, *entitlement_ids: str) -> StatusDetail:
    shown = {"status": "SUSPENDED", "since": NOW, "reason": reason_to_document(reason)}
    return StatusDetail({**shown, "entitlement_ids": list(entitlement_ids)})


def assignment(administrator: str, by: str | None = None, expires_at: datetime | None = None) -> dict[str, Any]:
    return {"administrator_id": administrator, "assigned_at": NOW - DAY, "assigned_by": by, "expires_at": expires_at}


def tag(id_: str, name: str) -> Any:
    return SimpleNamespace(id=id_, name_folded=name)


async def test_subscriptions_and_trials_are_separate_and_ended_ones_are_shown_on_request() -> None:
    living, ended = entitlement_document("sub_1"), entitlement_document("sub_2", ends_at=NOW)
    trial = entitlement_document("tri_1", kind=SubscriptionType.TRIAL)
    context = context_with(entitlements_by_customer={"cus_1": [living, trial, ended]})
    assert await of_one(customers.subscriptions, context, CUSTOMER, include_ended=False) == [living]
    assert await of_one(customers.subscriptions, context, CUSTOMER, include_ended=True) == [living, ended]
    assert await of_one(customers.trials, context, CUSTOMER, include_ended=False) == [trial]


async def test_at_most_two_hundred_subscriptions_are_shown() -> None:
    documents = [entitlement_document(f"sub_{number}") for number in range(customers.LIST_LIMIT + 1)]
    context = context_with(entitlements_by_customer={"cus_1": documents})
    assert (
        await of_one(customers.subscriptions, context, CUSTOMER, include_ended=False)
        == documents[: customers.LIST_LIMIT]
    )


async def test_licenses_are_the_sums_over_running_entitlements_in_the_order_of_products() -> None:
    meetings, calling = Product.MEETINGS, Product.CALLING
    running = entitlement_document(licenses=[LicenseFigures(meetings, 1, 2, 1), LicenseFigures(calling, 5, 0, 0)])
    scheduled = entitlement_document(starts_at=NOW + DAY, licenses=[LicenseFigures(meetings, 100, 0, 0)])
    suspended = entitlement_document(suspended=True, licenses=[LicenseFigures(meetings, 10, 1, 0)])
    context = context_with(entitlements_by_customer={"cus_1": [running, scheduled, suspended], "cus_2": []})
    sums = await of_one(customers.licenses, context, CUSTOMER)
    figures = {
        line.product: (line.total, line.assigned, line.used, line.available, line.overage, line.assigned_percent)
        for line in sums
    }
    assert figures == {meetings: (11, 3, 1, 9, 1, 100 * 3 / 11), calling: (5, 0, 0, 5, 0, 0.0)}
    assert list(figures) == [product for product in Product if product in figures]
    assert all(line.name is None for line in sums)
    assert await of_one(customers.licenses, context, customer_document("cus_2")) == []


async def test_available_and_overage_are_summed_over_single_lines() -> None:
    held = [
        entitlement_document(f"sub_{assigned}", licenses=[LicenseFigures(Product.CALLING, total, assigned, 0)])
        for total, assigned in ((5, 8), (20, 10))
    ]
    context = context_with(entitlements_by_customer={"cus_1": held})
    [calling] = await of_one(customers.licenses, context, CUSTOMER)
    assert (calling.total, calling.assigned, calling.available, calling.overage) == (25, 18, 10, 3)


async def test_a_status_shows_the_entitlements_that_still_exist() -> None:
    document = entitlement_document()
    context = context_with(entitlements={"sub_1": document, "sub_gone": None})
    reason = StatusReason(StatusReasonCode.SUSPENDED, SubscriptionType.SUBSCRIPTION, "SUB-1")
    detail = status_detail(reason, "sub_gone", "sub_1")
    assert await of_one(customers.status_entitlements, context, detail) == [document]
    assert await of_one(customers.status_entitlements, context, status_detail(reason)) == []


def test_a_reason_is_rendered_in_the_language_of_the_viewer() -> None:
    context = context_with()
    reason = StatusReason(StatusReasonCode.SUSPENDED, SubscriptionType.SUBSCRIPTION, "SUB-1", others=2)
    detail = status_detail(reason)
    assert customers.status_reason(context, detail) == "Subscription SUB-1 is suspended, and 2 more"
    context.viewer = replace(context.viewer, language=Language.SERBIAN)
    assert customers.status_reason(context, detail) == "Pretplata SUB-1 je obustavljena (i još 2)"
    assert customers.status_reason_code(context, detail) == "SUSPENDED"
    assert customers.status_reason_arguments(context, detail).others == 2


async def test_current_assignments_are_shown_by_name_with_the_administrator_who_made_them() -> None:
    zoe, ann, bob = (administrator_document(f"adm_{name}", name) for name in ("zoe", "ann", "bob"))
    context = context_with(administrators={"adm_zoe": zoe, "adm_ann": ann, "adm_bob": bob, "adm_gone": None})
    stored = [
        assignment("adm_zoe", by="adm_bob"),
        assignment("adm_ann", by="adm_gone", expires_at=NOW + DAY),
        assignment("adm_bob", expires_at=NOW),
        assignment("adm_gone", by="adm_bob"),
    ]
    shown = await of_one(customers.assignments, context, customer_document(assignments=stored))
    assert [(a.administrator, a.assigned_by, a.expires_at) for a in shown] == [(ann, None, NOW + DAY), (zoe, bob, None)]
    assert await of_one(customers.assignments, context, CUSTOMER) == []


async def test_equal_names_of_administrators_are_ordered_by_id() -> None:
    pair = {id_: administrator_document(id_, "Ann") for id_ in ("adm_2", "adm_1")}
    shown = await of_one(
        customers.assignments,
        context_with(administrators=pair),
        customer_document(assignments=[assignment(id_) for id_ in pair]),
    )
    assert [a.administrator.id for a in shown] == ["adm_1", "adm_2"]


async def test_tags_are_shown_by_name_without_deleted_ones() -> None:
    context = context_with(tags={"tag_1": tag("tag_1", "b"), "tag_2": tag("tag_2", "a"), "tag_gone": None})
    document = customer_document(tag_ids=["tag_1", "tag_gone", "tag_2"])
    assert [shown.id for shown in await of_one(tags.customer_tags, context, document)] == ["tag_2", "tag_1"]
    assert await of_one(tags.customer_tags, context, CUSTOMER) == []


async def test_the_facet_of_tags_leaves_deleted_ones_out() -> None:
    context = context_with(tags={"tag_1": tag("tag_1", "b"), "tag_gone": None})
    facets: Any = SimpleNamespace(
        tag=[SimpleNamespace(value="tag_gone", count=3), SimpleNamespace(value="tag_1", count=2)]
    )
    assert [(counted.value.id, counted.count) for counted in await tags.counts(context, facets)] == [("tag_1", 2)]


async def test_a_customer_is_looked_up_by_id() -> None:
    context = context_with(customers={"cus_1": CUSTOMER, "cus_unknown": None})
    assert await customers.customer(context, None, {"id": "cus_1"}) == CUSTOMER
    assert await customers.customer(context, None, {"id": "cus_unknown"}) is None
