"""Writes a realistic partner as import files: same bytes for the same seed and day."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from csv import writer
from datetime import date
from gzip import GzipFile
from io import BufferedIOBase, StringIO
from pathlib import Path

import orjson

from sample.additional_licenses import add_licenses
from sample.administrators import administrator_records
from sample.billing_documents import BillingDocumentFactory
from sample.calls import CallGenerator
from sample.entitlements import Entitlement, EntitlementFactory
from sample.legs import HEADER
from sample.licenses import draw_customer_size
from sample.names import CompanyNames
from sample.prices import PriceList
from sample.profiles import CustomerProfile, LastSignIn, add_holdings, draw_last_sign_in, shuffled_profiles
from sample.records import ImportRecord, customer_record, subscription_record, trial_record
from sample.resources import resource_records
from sample.seeded_random import SeededRandom
from sample.usage import usage_records

# The name of a file begins with its kind. The order is that in which the import loads the files.
_FILES = {
    "customers": "customers.ndjson",
    "administrators": "administrators.ndjson",
    "subscriptions": "subscriptions.ndjson",
    "trials": "trials.ndjson",
    "orders": "orders.ndjson",
    "invoices": "invoices.ndjson",
    "license-usage": "license-usage.ndjson.gz",
    "resources": "resources.ndjson",
    "calls": "calls.csv.gz",
    "call-media": "call-media.ndjson.gz",
    "queue-calls": "queue-calls.ndjson",
}


def write_sample(directory: Path, customers: int, seed: int, day: date) -> list[Path]:
    """Write the files that `partnerhub import DIRECTORY` loads; return their paths in the order of loading.

    `day` is the UTC date on which the statuses are as the profiles intend; `seed` is 0 or more. Customer n does not
    depend on the number of customers. Memory does not grow with the history. Compressed files have the same bytes
    where Python uses the usual zlib; their contents are the same everywhere.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = {kind: directory / name for kind, name in _FILES.items()}
    with ExitStack() as stack:
        files = {kind: stack.enter_context(_open(path)) for kind, path in paths.items()}
        _SampleWriter(files, seed, day).write(customers)
    return list(paths.values())


def _open(path: Path) -> BufferedIOBase:
    return _DeterministicGzipFile(path) if path.suffix == ".gz" else path.open("wb")


class _DeterministicGzipFile(GzipFile):
    """A gzip file without name and time, which would change its bytes."""

    def __init__(self, path: Path) -> None:
        self._target = path.open("wb")
        super().__init__(filename="", mode="wb", compresslevel=6, fileobj=self._target, mtime=0)

    def close(self) -> None:
        super().close()
        self._target.close()


class _SampleWriter:
    """Writes one partner, one customer after the other."""

    def __init__(self, files: dict[str, BufferedIOBase], seed: int, day: date) -> None:
        self._files = files
        self._day = day
        self._rng = SeededRandom(seed)
        self._entitlement_factory = EntitlementFactory(self._rng, day)
        self._company_names = CompanyNames(self._rng)
        # Each of the following has its own random sequence, so that a change to one leaves the customers unchanged.
        self._usage_rng = SeededRandom(seed + 1_000_003)
        self._license_rng = SeededRandom(seed + 5_000_003)
        self._administrator_rng = SeededRandom(seed + 2_000_003)
        self._billing_document_factory = BillingDocumentFactory(SeededRandom(seed + 3_000_003), day)
        self._call_generator = CallGenerator(SeededRandom(seed + 4_000_003), day)

    def write(self, customers: int) -> None:
        customer_ids: list[str] = []
        profiles: list[CustomerProfile] = []
        self._write_rows("calls", [HEADER])
        for number in range(1, customers + 1):
            profiles = profiles or shuffled_profiles(self._rng)
            customer_ids.append(f"C-{number:06d}")
            self._write_customer(customer_ids[-1], profiles.pop())
        self._write_records("administrators", administrator_records(self._administrator_rng, customer_ids))
        self._write_records("resources", resource_records(self._day))

    def _write_customer(self, customer: str, profile: CustomerProfile) -> None:
        holdings = self._make_holdings(profile)
        record = self._customer_record(customer, holdings, profile.sign_in)
        subscriptions = [entitlement for entitlement in holdings if not entitlement.is_trial]
        self._write_records("customers", [record])
        self._write_records(
            "subscriptions", (subscription_record(customer, entitlement) for entitlement in subscriptions)
        )
        self._write_records(
            "trials", (trial_record(customer, entitlement) for entitlement in holdings if entitlement.is_trial)
        )
        prices = PriceList(record.get("country"))
        for entitlement in subscriptions:
            self._write_records("orders", self._billing_document_factory.order_records(entitlement, prices))
            self._write_records("invoices", self._billing_document_factory.invoice_records(entitlement, prices))
        usage = [
            record for entitlement in holdings for record in usage_records(self._usage_rng, entitlement, self._day)
        ]
        self._write_records("license-usage", usage)
        generated = self._call_generator.generate(customer, usage)
        self._write_rows("calls", generated.calls)
        self._write_records("call-media", generated.media)
        self._write_records("queue-calls", generated.queue_calls)

    def _make_holdings(self, profile: CustomerProfile) -> list[Entitlement]:
        size = draw_customer_size(self._rng)
        holdings = profile.make_holdings(self._entitlement_factory, size)
        if profile.has_additional_holdings:
            add_holdings(self._entitlement_factory, holdings, size)
        for subscription in holdings:
            if not subscription.is_trial:
                add_licenses(self._license_rng, subscription)
                self._entitlement_factory.change_licenses(subscription)
        return holdings

    def _customer_record(self, customer: str, holdings: list[Entitlement], sign_in: LastSignIn) -> ImportRecord:
        first_added = min(
            (entitlement.added_at for entitlement in holdings), default=self._entitlement_factory.random_past(20, 400)
        )
        created = first_added - self._entitlement_factory.random_days(0, 10)
        signed_in = draw_last_sign_in(self._entitlement_factory, sign_in, created)
        return customer_record(self._rng, customer, self._company_names.next_company(), created, signed_in)

    def _write_records(self, kind: str, records: Iterable[ImportRecord]) -> None:
        file = self._files[kind]
        for record in records:
            file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def _write_rows(self, kind: str, rows: Iterable[Sequence[str]]) -> None:
        text = StringIO()
        writer(text).writerows(rows)
        self._files[kind].write(text.getvalue().encode())
