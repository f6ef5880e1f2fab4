"""Declared fields of stored documents: their values, their keys, and how they are found."""

from datetime import date, datetime

import pytest

from domain.types import Product
from store.database.stored_fields import (
    StoredDocument,
    StoredField,
    derived,
    fields_of,
    keys_of,
    projection_document,
    stored,
    stored_list,
    stored_or_none,
    with_fields,
)


class Base(StoredDocument):
    id = stored(str, "_id")


class Example(Base):
    name = stored(str)
    product = stored(Product)
    other = stored_or_none(Product, "other_product")
    products = stored_list(Product)
    day = stored(date)
    at = stored_or_none(datetime)

    @derived("name", "products")
    def label(self) -> str:
        """The name and the number of products."""
        return f"{self.name} {len(self.products)}"


DOCUMENT = {"_id": "x_1", "name": "One", "product": "CALLING", "products": ["MEETINGS"], "day": datetime(2026, 3, 1)}


def test_values_are_converted_when_they_are_read() -> None:
    example = Example(DOCUMENT)
    assert (example.id, example.name, example.product, example.day) == ("x_1", "One", Product.CALLING, date(2026, 3, 1))
    assert (example.products, example.label) == ([Product.MEETINGS], "One 1")
    assert isinstance(example.product, Product)


@pytest.mark.parametrize("document", [DOCUMENT, {**DOCUMENT, "other_product": None, "at": None}])
def test_a_value_that_is_null_or_absent_is_none(document: dict[str, object]) -> None:
    assert (Example(document).other, Example(document).at) == (None, None)
    assert Example({**document, "other_product": "MEETINGS"}).other is Product.MEETINGS


def test_a_key_that_was_not_read_is_an_error() -> None:
    with pytest.raises(KeyError):
        _ = Example({"_id": "x_1"}).name


def test_the_fields_of_a_class_are_found_with_those_of_its_bases() -> None:
    fields = fields_of(Example)
    assert list(fields) == ["id", "name", "product", "other", "products", "day", "at", "label"]
    assert fields["label"].keys == ("name", "products")
    assert isinstance(fields["id"], StoredField) and fields["id"].key == "_id"
    assert keys_of([Example.id, Example.label, Example.other]) == {"_id", "name", "products", "other_product"}


def test_equal_documents_of_one_class_are_equal_and_have_one_hash() -> None:
    assert Example(DOCUMENT) == Example(dict(DOCUMENT)) != Example({**DOCUMENT, "name": "Two"})
    assert Example(DOCUMENT) != Base(DOCUMENT)
    assert len({Example(DOCUMENT), Example(dict(DOCUMENT))}) == 1


def test_a_projection_names_the_keys_that_its_reader_needs_too() -> None:
    assert with_fields(None, Example.name) is None
    assert with_fields(frozenset({"day"}), Example.label) == frozenset({"day", "name", "products"})
    assert projection_document(frozenset({"name"}), "day") == {"_id": 1, "day": 1, "name": 1}
