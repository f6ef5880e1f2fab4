"""How the records of each kind are read, grouped and written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from domain.imports.records import ImportKind, ImportRecord
from jobs.imports.call_files import CallReader
from jobs.imports.records import NdjsonReader, RecordReader
from store.database.scope import Scope
from store.imports.administrators import deliver_administrators
from store.imports.calls import deliver_call_media, deliver_calls, deliver_queue_calls
from store.imports.deliveries import RecordResult, deliver_customers
from store.imports.entitlements import deliver_entitlements
from store.imports.invoices import deliver_invoices
from store.imports.license_usage import deliver_usage
from store.imports.orders import deliver_orders
from store.imports.resources import deliver_resources

Deliver = Callable[[Scope, Sequence[ImportRecord], float], Awaitable[list[RecordResult]]]

_BATCH_RECORDS, _BATCH_RAW_ROWS = 1000, 2000
_BATCH_BYTES = 4 << 20


class ImportHandler(Struct, frozen=True):
    """How one kind is imported.

    Batches with records of the same customer (named by `group_field`) or of the same key are written one after the
    other, so that a later record sees what an earlier one wrote. All other batches can be written at the same time.
    """

    deliver: Deliver
    group_field: str | None = None
    reader: Callable[[ImportKind], RecordReader] = NdjsonReader
    # A batch begins with at most one record beyond these bytes of delivered text.
    batch_bytes: int = _BATCH_BYTES
    # Raw rows belong to no customer: large batches of them delay no other change of a customer.
    has_raw_rows: bool = False

    @property
    def batch_size(self) -> int:
        """The maximum number of records in a batch."""
        return _BATCH_RAW_ROWS if self.has_raw_rows else _BATCH_RECORDS

    def group_key(self, record: ImportRecord) -> str | None:
        """Return what the record is grouped by: its customer, subscription or key; None for a raw row."""
        if self.has_raw_rows:
            return None
        return str(record.values[self.group_field]) if self.group_field else record.key.casefold()


IMPORT_HANDLERS: Mapping[ImportKind, ImportHandler] = {
    ImportKind.CUSTOMERS: ImportHandler(deliver_customers),
    ImportKind.ADMINISTRATORS: ImportHandler(
        # A line can name 30,000 customers, which are looked up at once.
        deliver_administrators,
        batch_bytes=512 << 10,
    ),
    ImportKind.SUBSCRIPTIONS: ImportHandler(deliver_entitlements, "customer"),
    ImportKind.TRIALS: ImportHandler(deliver_entitlements, "customer"),
    ImportKind.ORDERS: ImportHandler(deliver_orders, "subscription"),
    ImportKind.INVOICES: ImportHandler(deliver_invoices, "subscription"),
    ImportKind.LICENSE_USAGE: ImportHandler(deliver_usage),
    ImportKind.RESOURCES: ImportHandler(deliver_resources),
    ImportKind.CALLS: ImportHandler(deliver_calls, reader=CallReader, has_raw_rows=True),
    ImportKind.CALL_MEDIA: ImportHandler(deliver_call_media, has_raw_rows=True),
    ImportKind.QUEUE_CALLS: ImportHandler(deliver_queue_calls, has_raw_rows=True),
}


def is_table(kind: ImportKind) -> bool:
    """True for a kind that is delivered as rows under a header."""
    return IMPORT_HANDLERS[kind].reader is CallReader
