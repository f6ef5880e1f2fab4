"""How the records of each kind are grouped."""

import pytest

from domain.imports.records import ImportKind, ImportRecord
from jobs.imports.handlers import IMPORT_HANDLERS, is_table


def record(kind: ImportKind, key: str = "Key-1", **values: str) -> ImportRecord:
    return ImportRecord(kind, key, values)


def test_every_kind_has_a_handler_in_the_order_of_loading() -> None:
    assert list(IMPORT_HANDLERS) == list(ImportKind)


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        (ImportKind.CUSTOMERS, "key-1"),
        (ImportKind.ADMINISTRATORS, "key-1"),
        (ImportKind.SUBSCRIPTIONS, "C-1"),
        (ImportKind.TRIALS, "C-1"),
        (ImportKind.ORDERS, "S-1"),
        (ImportKind.INVOICES, "S-1"),
        (ImportKind.LICENSE_USAGE, "key-1"),
        (ImportKind.RESOURCES, "key-1"),
        (ImportKind.CALLS, None),
        (ImportKind.CALL_MEDIA, None),
        (ImportKind.QUEUE_CALLS, None),
    ],
)
def test_records_are_grouped_by_what_they_change(kind: ImportKind, group: str | None) -> None:
    assert IMPORT_HANDLERS[kind].group_key(record(kind, customer="C-1", subscription="S-1")) == group


def test_only_calls_are_a_table() -> None:
    assert [kind for kind in ImportKind if is_table(kind)] == [ImportKind.CALLS]


def test_raw_rows_have_larger_batches() -> None:
    sizes = {kind: handler.batch_size for kind, handler in IMPORT_HANDLERS.items()}
    assert sizes[ImportKind.CALLS] == 2 * sizes[ImportKind.CUSTOMERS]
