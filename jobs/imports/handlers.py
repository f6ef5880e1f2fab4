"""How the lines of each kind are read, which of them must wait for each other, and who writes them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.imports.records import Line, LineKind
from jobs.imports.csv_files import CsvReader
from jobs.imports.records import LineReader, NdjsonReader
from store.database.scope import Scope
from store.imports.administrators import deliver_administrators
from store.imports.calls import deliver_call_media, deliver_calls, deliver_queue_calls
from store.imports.deliveries import LineOutcome, deliver_customers, deliver_entitlements
from store.imports.invoices import deliver_invoices
from store.imports.license_usage import deliver_usage
from store.imports.orders import deliver_orders
from store.imports.resources import deliver_resources

Deliver = Callable[[Scope, Sequence[Line], float], Awaitable[list[LineOutcome]]]

_LINES, _RAW_ROWS = 1000, 2000


@dataclass(frozen=True, slots=True)
class Way:
    """How one kind goes in.

    Lines that are for the same customer (`group_field` names it), or of the same key, wait for each other: the later
    one must be told so. All others may be written at the same time.
    """

    deliver: Deliver
    group_field: str | None = None
    reader: Callable[[LineKind], LineReader] = NdjsonReader
    # Raw rows are nobody's: slices of many can be written without holding up those who change a customer.
    are_raw_rows: bool = False

    @property
    def slice_lines(self) -> int:
        """How many lines a slice has at most."""
        return _RAW_ROWS if self.are_raw_rows else _LINES

    def group(self, line: Line) -> str | None:
        """Whose line it is; None where it is nobody's."""
        if self.are_raw_rows:
            return None
        return str(line.values[self.group_field]) if self.group_field else line.key.casefold()


WAYS: Mapping[LineKind, Way] = {
    LineKind.CUSTOMERS: Way(deliver_customers),
    LineKind.ADMINISTRATORS: Way(deliver_administrators),
    LineKind.SUBSCRIPTIONS: Way(deliver_entitlements, "customer"),
    LineKind.TRIALS: Way(deliver_entitlements, "customer"),
    LineKind.ORDERS: Way(deliver_orders, "subscription"),
    LineKind.INVOICES: Way(deliver_invoices, "subscription"),
    LineKind.LICENSE_USAGE: Way(deliver_usage),
    LineKind.RESOURCES: Way(deliver_resources),
    LineKind.CALLS: Way(deliver_calls, reader=CsvReader, are_raw_rows=True),
    LineKind.CALL_MEDIA: Way(deliver_call_media, are_raw_rows=True),
    LineKind.QUEUE_CALLS: Way(deliver_queue_calls, are_raw_rows=True),
}


def is_table(kind: LineKind) -> bool:
    """Whether the kind comes as rows under a header."""
    return WAYS[kind].reader is CsvReader
