"""A partner without customers on the test's database."""

import pytest

from store.database.client import Client
from store.database.scope import Scope
from tests.store.factory_customers import partner_scope


@pytest.fixture
async def scope(client: Client) -> Scope:
    """Return the scope of the partner."""
    return await partner_scope(client)
