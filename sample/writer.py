"""A believable partner as import files: `partnerhub sample DIRECTORY`. The same seed and day, the same bytes."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from csv import writer
from datetime import date
from gzip import GzipFile
from io import BufferedIOBase, StringIO
from pathlib import Path

import orjson

from sample.administrators import administrator_lines
from sample.billing_documents import PaperDesk
from sample.calls import HEADER, Exchange
from sample.entitlements import Entitlement, OrderDesk
from sample.licenses import customer_size
from sample.names import CompanyNames
from sample.prices import Prices
from sample.profiles import Profile, SignIn, fifty_profiles, grow, signed_in_at
from sample.records import Line, customer_line, subscription_line, trial_line
from sample.resources import resource_lines
from sample.seeded_random import Dice
from sample.usage import usage_lines

# Each file's name begins with the kind that it holds; the order is that in which an import loads them.
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
    """Writes the files that `partnerhub import DIRECTORY` loads, and returns them in the order it loads them.

    `day` is the UTC date on which the partner looks as intended, `seed` is 0 or more. Customer n is the same
    however many there are, and memory does not grow with the history. (The packed file is the same in bytes
    wherever Python is built with the usual zlib; unpacked, it is the same everywhere.)
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = {kind: directory / name for kind, name in _FILES.items()}
    with ExitStack() as stack:
        files = {kind: stack.enter_context(_open(path)) for kind, path in paths.items()}
        _Sample(files, seed, day).write(customers)
    return list(paths.values())


def _open(path: Path) -> BufferedIOBase:
    return _Packed(path) if path.suffix == ".gz" else path.open("wb")


class _Packed(GzipFile):
    """A gzip file that carries neither its name nor the time, which would change its bytes."""

    def __init__(self, path: Path) -> None:
        self._target = path.open("wb")
        super().__init__(filename="", mode="wb", compresslevel=6, fileobj=self._target, mtime=0)

    def close(self) -> None:
        super().close()
        self._target.close()


class _Sample:
    """Writes one partner, customer by customer."""

    def __init__(self, files: dict[str, BufferedIOBase], seed: int, day: date) -> None:
        self._files = files
        self._day = day
        self._dice = Dice(seed)
        self._desk = OrderDesk(self._dice, day)
        self._names = CompanyNames(self._dice)
        # History, administrators, orders, invoices and calls draw for themselves, so that a change of theirs leaves
        # the customers as they are.
        self._history = Dice(seed + 1_000_003)
        self._staff = Dice(seed + 2_000_003)
        self._papers = PaperDesk(Dice(seed + 3_000_003), day)
        self._exchange = Exchange(Dice(seed + 4_000_003), day)

    def write(self, customers: int) -> None:
        written: list[str] = []
        profiles: list[Profile] = []
        self._put_rows("calls", [HEADER])
        for number in range(1, customers + 1):
            profiles = profiles or fifty_profiles(self._dice)
            written.append(f"C-{number:06d}")
            self._write_customer(written[-1], profiles.pop())
        self._put("administrators", administrator_lines(self._staff, written))
        self._put("resources", resource_lines(self._day))

    def _write_customer(self, customer: str, profile: Profile) -> None:
        holdings = self._holdings(profile)
        line = self._customer(customer, holdings, profile.sign_in)
        subscriptions = [held for held in holdings if not held.is_trial]
        self._put("customers", [line])
        self._put("subscriptions", (subscription_line(customer, held) for held in subscriptions))
        self._put("trials", (trial_line(customer, held) for held in holdings if held.is_trial))
        prices = Prices(line.get("country"))
        for held in subscriptions:
            self._put("orders", self._papers.order_lines(held, prices))
            self._put("invoices", self._papers.invoice_lines(held, prices))
        for held in holdings:
            self._put("license-usage", usage_lines(self._history, held, self._day))
        traffic = self._exchange.traffic(customer, holdings)
        self._put_rows("calls", traffic.calls)
        self._put("call-media", traffic.media)
        self._put("queue-calls", traffic.queue_calls)

    def _holdings(self, profile: Profile) -> list[Entitlement]:
        size = customer_size(self._dice)
        holdings = profile.holdings(self._desk, size)
        if profile.grows:
            grow(self._desk, holdings, size)
        return holdings

    def _customer(self, customer: str, holdings: list[Entitlement], sign_in: SignIn) -> Line:
        first = min((held.added for held in holdings), default=self._desk.ago(20, 400))
        created = first - self._desk.days(0, 10)
        signed_in = signed_in_at(self._desk, sign_in, created)
        return customer_line(self._dice, customer, self._names.deal(), created, signed_in)

    def _put(self, kind: str, lines: Iterable[Line]) -> None:
        file = self._files[kind]
        for line in lines:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _put_rows(self, kind: str, rows: Iterable[Sequence[str]]) -> None:
        text = StringIO()
        writer(text).writerows(rows)
        self._files[kind].write(text.getvalue().encode())
