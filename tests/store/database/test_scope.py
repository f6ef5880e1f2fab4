"""The conditions that a scope adds to queries; no query is run."""

from datetime import datetime
from typing import Any

import pytest

from domain.types import PartnerRole
from store.database.client import Client
from store.database.scope import Scope

NOW = datetime(2026, 11, 22)


def scope(**viewer: Any) -> Scope:
    # Building conditions uses no client.
    client: Client = None  # type: ignore[assignment]
    return Scope(client, "acme", NOW, **viewer)


@pytest.mark.parametrize(
    "viewer",
    [
        {},
        *({"administrator_id": "adm_1", "role": role} for role in PartnerRole if role is not PartnerRole.ADMINISTRATOR),
        {"role": PartnerRole.ADMINISTRATOR},
    ],
)
def test_the_system_and_other_roles_see_every_customer_of_the_partner(viewer: dict[str, Any]) -> None:
    assert scope(**viewer).match() == {"partner_id": "acme"}
    assert scope(**viewer).match_customers() == {"partner_id": "acme", "keys": "*"}


def test_an_administrator_sees_customers_with_an_assignment_that_has_not_expired() -> None:
    viewer = scope(administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)
    assert viewer.match_customers() == {
        "partner_id": "acme",
        "keys": "administrator:adm_1",
        "assignments": {"$elemMatch": {"administrator_id": "adm_1", "expires_at": {"$not": {"$lte": NOW}}}},
    }
    assert viewer.match() == {"partner_id": "acme"}
