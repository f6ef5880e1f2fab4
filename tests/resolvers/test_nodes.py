"""Objects by global id: the prefix names the type; ids that are unknown or not visible give null."""

from types import SimpleNamespace
from typing import Any

import pytest

from domain.failures import BadUserInput
from resolvers.nodes import MAX_IDS, node, nodes
from tests.resolvers.factory_context import context_with, customer_document, entitlement_document

DIGITS = "0" * 24
RELATIONS = {
    "cus": "customers",
    "adm": "administrators",
    "tag": "tags",
    "viw": "views",
    "res": "resources",
    "hlp": "helpdesk_requests",
    "evt": "events",
}
VISIBLE, HIDDEN = {"cus_1": customer_document()}, {"cus_1": None}


@pytest.mark.parametrize("prefix", RELATIONS)
async def test_the_prefix_chooses_the_relation(prefix: str) -> None:
    id_, document = f"{prefix}_{DIGITS}", object()
    assert await node(context_with(**{RELATIONS[prefix]: {id_: document}}), None, id_) is document
    assert await node(context_with(**{RELATIONS[prefix]: {id_: None}}), None, id_) is None


@pytest.mark.parametrize(("prefix", "relation"), [("ord", "orders"), ("inv", "invoices"), ("sub", "entitlements")])
async def test_documents_of_a_customer_exist_where_the_customer_is_visible(prefix: str, relation: str) -> None:
    id_ = f"{prefix}_{DIGITS}"
    document = SimpleNamespace(customer_id="cus_1")
    assert await node(context_with(**{relation: {id_: document}}, customers=VISIBLE), None, id_) is document
    assert await node(context_with(**{relation: {id_: document}}, customers=HIDDEN), None, id_) is None
    assert await node(context_with(**{relation: {id_: None}}), None, id_) is None


async def test_the_partner_is_the_viewer_own() -> None:
    partner = SimpleNamespace(id=f"par_{DIGITS}")
    context = context_with(partner={"acme": partner})
    assert await node(context, None, partner.id) is partner
    assert await node(context, None, "par_" + "1" * 24) is None
    assert await node(context_with(partner={"acme": None}), None, partner.id) is None


@pytest.mark.parametrize("id_", ["", "cus", "xyz_" + DIGITS, "lsn_" + DIGITS, "_" + DIGITS])
async def test_an_id_without_a_known_prefix_does_not_exist(id_: str) -> None:
    assert await node(context_with(), None, id_) is None


async def test_nodes_keep_the_order_and_the_duplicates_of_the_ids() -> None:
    customer, trial = customer_document(f"cus_{DIGITS}"), entitlement_document(f"tri_{DIGITS}")
    context: Any = context_with(customers={customer.id: customer, **VISIBLE}, entitlements={trial.id: trial})
    ids = [trial.id, "xyz_" + DIGITS, customer.id, trial.id]
    assert await nodes(context, None, ids) == [trial, None, customer, trial]
    assert await nodes(context, None, []) == []


async def test_more_ids_than_allowed_are_rejected() -> None:
    context = context_with()
    assert await nodes(context, None, ["x"] * MAX_IDS) == [None] * MAX_IDS
    with pytest.raises(BadUserInput, match="201"):
        await nodes(context, None, ["x"] * (MAX_IDS + 1))
