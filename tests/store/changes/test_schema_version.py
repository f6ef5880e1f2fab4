"""A database that an earlier version left: brought up to the indexes and the keys that lists are read by now."""

from domain.customers.filter import parse_filter
from domain.paging import PageRequest
from domain.types import CustomerOrderField
from store.changes.reevaluation import migrate
from store.customers.customers import CustomerOrder, Customers
from store.database.client import Client, IndexModel
from store.indexes import ensure_indexes
from tests.store.factory_customers import add_customer, events_of, partner_scope, stored, trial

BEFORE = ("keys_name", "by_next_expiry_at_down")


async def test_customers_of_an_earlier_version_are_listed_in_every_order_after_the_start(client: Client) -> None:
    scope = await partner_scope(client)
    added = [await add_customer(scope, f"ORG-{number}", trial(f"T-{number}")) for number in range(3)]
    told = [await events_of(scope, id_) for id_ in added]
    customers, partners = scope.collection("customers"), scope.collection("partners")
    for id_ in added:
        await customers.update_one(
            {**scope.match(), "_id": id_}, {"$unset": {"order_keys": ""}, "$set": {"schema_version": 2}}
        )
    await partners.update_one(scope.match(), {"$set": {"schema_version": 2}})
    await customers.create_indexes([IndexModel([("partner_id", 1), (name, 1)], name=name) for name in BEFORE])

    await ensure_indexes(client)
    assert await migrate(client) == 3

    assert not (await customers.index_names()).intersection(BEFORE)
    wanted = parse_filter({"status": ["TRIAL"]})
    for field in CustomerOrderField:
        page = await Customers(scope).page(wanted, CustomerOrder(field), PageRequest())
        assert {row.id for row in page.rows} == set(added)
    assert [await events_of(scope, id_) for id_ in added] == told
    assert "type:TRIAL" in (await stored(scope, added[0]))["order_keys"]
    await ensure_indexes(client)
    assert await migrate(client) == 0
