"""The columns and indexes of the orders of a list of customers."""

import pytest

from domain.customers.projection import NO_STATUS_RANK
from domain.time.instants import MAX_INSTANT
from domain.types import CustomerOrderField, OrderDirection
from store.customers.orders import ORDER_INDEXES, CustomerOrder
from store.database.keyset import inverted

FIELDS = list(CustomerOrderField)


@pytest.mark.parametrize("field", FIELDS)
def test_the_descending_order_is_the_exact_reverse_so_that_one_index_serves_both(field: CustomerOrderField) -> None:
    ascending, descending = (CustomerOrder(field, direction) for direction in OrderDirection)
    assert descending.columns == inverted(ascending.columns)
    assert descending.index == ascending.index


@pytest.mark.parametrize("field", FIELDS)
def test_the_index_has_a_key_the_partner_and_then_the_columns(field: CustomerOrderField) -> None:
    order = CustomerOrder(field)
    (index,) = [model.document for model in ORDER_INDEXES if model.document["name"] == order.index]
    array = "keys" if field is CustomerOrderField.NAME else "order_keys"
    columns = [(column.field, 1) for column in order.columns]
    assert list(index["key"].items()) == [(array, 1), ("partner_id", 1), *columns]
    assert [column.field for column in order.columns[-2:]] == ["name_folded", "_id"]


def test_there_is_one_index_a_field() -> None:
    assert len(ORDER_INDEXES) == len(FIELDS)


def test_null_is_stored_above_all_values() -> None:
    sentinels = {field: CustomerOrder(field).null_sentinel for field in FIELDS}
    assert sentinels == {
        "NAME": None,
        "CREATED_AT": None,
        "LAST_ADMINISTRATOR_SIGN_IN_AT": MAX_INSTANT,
        "NEXT_EXPIRY_AT": MAX_INSTANT,
        "URGENCY": NO_STATUS_RANK,
    }
    assert not any(column.kind.endswith("null") for field in FIELDS for column in CustomerOrder(field).columns)


def test_names_alone_are_independent_of_time() -> None:
    assert [field for field in FIELDS if not CustomerOrder(field).is_time_dependent] == [CustomerOrderField.NAME]
