"""`partnerhub import` behind its options: files, directories, standard input, and what is told."""

import gzip
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from domain.failures import OperatorError
from server.cli.import_command import run_import
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partner_creation import create_partner
from tests.domain.imports.factory_records import (
    administrator_record,
    customer_record,
    invoice_record,
    order_record,
    subscription_record,
    trial_record,
    usage_record,
)
from tests.jobs.imports.factory_calls import media, queue_call, report, row
from tests.jobs.imports.factory_imports import documents, ndjson


class World:
    """A partner, a folder for files, and what the command printed."""

    def __init__(self, scope: Scope, folder: Path) -> None:
        self.scope, self.folder = scope, folder
        self.output, self.messages = "", ""

    def write(self, name: str, *lines: Any) -> str:
        """A file of lines, packed where its name says so."""
        content = ndjson(*lines)
        path = self.folder / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    async def run(self, *targets: str, refused: Path | None = None, terminal: bool = False) -> int:
        """The command's exit status."""
        output, messages = io.StringIO(), io.StringIO()
        consoles = Console(file=output, soft_wrap=True), Console(file=messages, force_terminal=terminal, width=200)
        try:
            return await run_import(self.scope.client, self.scope.partner_id, targets, refused, *consoles)
        finally:
            self.output, self.messages = output.getvalue(), messages.getvalue()


@pytest.fixture
async def world(mongo_uri: str, database_name: str, tmp_path: Path) -> AsyncIterator[World]:
    client = Client(mongo_uri, database_name)
    scope = Scope(client, "acme", utc_now())
    await create_partner(scope, "Acme Telecom", "root@partner.example", [])
    yield World(scope, tmp_path)
    await client.close()


async def test_files_are_loaded_and_summed_up(world: World) -> None:
    first = world.write("a.ndjson", customer_record("C-1"), customer_record("C-2"))
    second = world.write("b.ndjson.gz", customer_record("C-2"), customer_record("C-3"))
    assert await world.run("customers", first, second) == 0
    assert world.output.splitlines() == [
        f"{first}: 2 added, 0 changed, 0 unchanged, 0 refused",
        f"{second}: 1 added, 0 changed, 1 unchanged, 0 refused",
        "all: 3 added, 0 changed, 1 unchanged, 0 refused",
    ]
    assert world.messages == ""


async def test_a_directory_is_loaded_in_the_order_of_the_kinds(world: World) -> None:
    world.write("license-usage-1.ndjson.gz", usage_record())
    world.write("administrators.ndjson", administrator_record(assigned=["C-1"]))
    world.write("invoices.ndjson", invoice_record())
    world.write("orders.ndjson.gz", order_record())
    world.write("trials.ndjson", trial_record())
    world.write("subscriptions-2026.ndjson", subscription_record())
    world.write("customers.ndjson", customer_record())
    world.write("README.txt")
    assert await world.run(str(world.folder)) == 0
    loaded = [Path(line.split(":")[0]).name.split(".")[0] for line in world.output.splitlines()]
    expected = ["customers", "administrators", "subscriptions-2026", "trials"]
    assert loaded == [*expected, "orders", "invoices", "license-usage-1", "all"]
    assert world.messages == "README.txt: passed over, its name does not begin with a kind\n"


async def test_calls_are_loaded_after_everything_else_and_their_media_and_queues_after_them(world: World) -> None:
    world.write("queue-calls.ndjson.gz", queue_call())
    world.write("call-media.ndjson", media())
    world.write("calls-november.csv.gz", report(row()).strip())
    world.write("customers.ndjson", customer_record())
    assert await world.run(str(world.folder)) == 0
    loaded = [Path(line.split(":")[0]).name.split(".")[0] for line in world.output.splitlines()]
    assert loaded == ["customers", "calls-november", "call-media", "queue-calls", "all"]
    assert world.output.splitlines()[-1] == "all: 4 added, 0 changed, 0 unchanged, 0 refused"
    (call,) = await documents(world.scope, "calls")
    assert (call["loss"], call["week"] is None) == (0.5, False)


async def test_refusals_name_file_line_key_field_and_reason(world: World) -> None:
    path = world.write("c.ndjson", customer_record("C-1"), customer_record("C-\u001b[31m2", country=1), b"{")
    assert await world.run("customers", path) == 1
    told = world.messages.splitlines()
    reason = "contains a control character or half of a surrogate pair"
    assert told[0] == f"{path}:2 C-\N{REPLACEMENT CHARACTER}[31m2 externalId {reason}"
    assert told[1].startswith(f"{path}:3 - - is not JSON")
    assert world.output == f"{path}: 1 added, 0 changed, 0 unchanged, 2 refused\n"


async def test_refused_lines_can_be_mended_and_imported_again(world: World) -> None:
    kept = world.folder / "kept" / "refused.ndjson"
    kept.parent.mkdir()
    world.write("customers.ndjson", customer_record("C-1"), customer_record("C-2", country="DEU"), b"oops")
    world.write("trials.ndjson", trial_record(customer="C-2"))
    assert await world.run(str(world.folder), refused=kept) == 1
    lines = [orjson.loads(line) for line in kept.read_bytes().splitlines()]
    assert [(line["_refused"]["kind"], line["_refused"]["line"]) for line in lines] == [
        ("customers", 2),
        ("customers", 3),
        ("trials", 1),
    ]
    assert lines[1]["_refused"]["raw"] == "oops"
    mended = world.write("mended.ndjson", {**lines[0], "country": "DE"}, lines[2])
    assert await world.run("customers", mended, refused=kept) == 0
    assert await world.run("trials", mended, refused=kept) == 0
    assert kept.read_bytes() == b""
    assert [entitlement["number"] for entitlement in await documents(world.scope, "entitlements")] == ["TRI-1"]


async def test_refused_rows_of_a_report_can_be_mended_under_their_header(world: World) -> None:
    world.write("customers.ndjson", customer_record())
    await world.run(str(world.folder))
    first = world.folder / "first.csv"
    rows = row("R-1"), row("R-2", Duration="x"), row("R-3", Site='a "b", c', Duration="")
    first.write_bytes(b"\xef\xbb\xbf" + report(*rows))
    second = world.write("second.csv", b"Duration,Start time,Org UUID,Report ID\n1,2,3", b'"')
    kept = world.folder / "refused.csv"
    assert await world.run("calls", str(first), second, refused=kept) == 1
    assert world.messages.splitlines()[0] == (
        f"{first}:3 R-2 Duration must be whole seconds from 0 to 1,000,000, and is 'x'"
    )
    lines = kept.read_text().splitlines()
    told = "_refused line,_refused field,_refused reason,_refused raw"
    assert lines[0] == f"Report ID,Org UUID,Start time,Duration,Site,{told}"
    assert lines[3] == f"Duration,Start time,Org UUID,Report ID,{told}"
    assert lines[5] == ',,,,3,,opens a quote that is not closed,""""'
    mended = kept.read_text().replace(",x,", ",7,").replace("Z,,", "Z,8,")
    kept.write_text(mended)
    again = world.folder / "again.csv"
    assert await world.run("calls", str(kept), refused=again) == 1
    assert world.output == f"{kept}: 2 added, 0 changed, 0 unchanged, 2 refused\n"
    assert again.read_text().splitlines()[1:] == [
        ',,,,5,Report ID,is missing,"1,2,3"',
        ',,,,6,Report ID,is missing,""""',
    ]


async def test_refused_rows_stand_beside_refused_lines(world: World) -> None:
    world.write("customers.ndjson", customer_record(), customer_record("C-2", country="DEU"))
    world.write("calls.csv", report(row(Duration="x"), row("R-2")))
    world.write("queue-calls.ndjson", queue_call(customer="C-9"))
    kept = world.folder / "kept" / "refused.ndjson"
    kept.parent.mkdir()
    assert await world.run(str(world.folder), refused=kept) == 1
    assert [orjson.loads(line)["_refused"]["kind"] for line in kept.read_bytes().splitlines()] == [
        "customers",
        "queue-calls",
    ]
    rows = kept.with_name("refused.calls.csv")
    assert len(rows.read_bytes().splitlines()) == 2
    with pytest.raises(OperatorError, match=r"refused\.calls\.csv is the file that is loaded"):
        await world.run("calls", str(rows), world.write("more.csv", report(row())), refused=rows)


async def test_a_report_without_its_columns_is_refused_and_the_others_are_loaded(world: World) -> None:
    world.write("customers.ndjson", customer_record())
    without = world.write("calls-1.csv", report(row(), header=("Report ID", "Org UUID", "Duration")).strip())
    world.write("calls-2.csv", report(row()).strip())
    assert await world.run(str(world.folder)) == 1
    sentence = "In the header row the column is missing: Start time. Nothing of this file was loaded."
    assert world.messages == f"{without}: {sentence}\n"
    assert world.output.splitlines()[-1] == "all: 2 added, 0 changed, 0 unchanged, 0 refused"


async def test_reads_standard_input(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, ndjson(customer_record()))
    os.close(writing)
    with os.fdopen(reading) as piped:
        monkeypatch.setattr("sys.stdin", piped)
        assert await world.run("customers", "-") == 0
    assert world.output == "-: 1 added, 0 changed, 0 unchanged, 0 refused\n"


async def test_shows_progress_on_a_terminal_only(world: World) -> None:
    path = world.write("c.ndjson", customer_record())
    await world.run("customers", path, terminal=True)
    assert "1 lines" in world.messages


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (["faxes", "x"], "faxes is neither a directory nor a kind; kinds are customers, administrators"),
        (["customers"], "Name the files with customers, or - for standard input."),
        (["customers", "nowhere.ndjson"], "There is no file nowhere.ndjson."),
    ],
)
async def test_says_what_is_wrong_with_the_targets(world: World, targets: list[str], sentence: str) -> None:
    with pytest.raises(OperatorError, match=sentence):
        await world.run(*targets)


async def test_says_what_is_wrong_with_files(world: World) -> None:
    with pytest.raises(OperatorError, match="begins with a kind"):
        await world.run(str(world.folder))
    path = world.write("c.ndjson", customer_record())
    with pytest.raises(OperatorError, match="is the file that is loaded"):
        await world.run("customers", path, refused=Path(path))
    with pytest.raises(OperatorError, match="cannot be written"):
        await world.run("customers", path, refused=world.folder)
    packed = world.folder / "c.gz"
    packed.write_bytes(b"plain")
    with pytest.raises(OperatorError, match=r"c\.gz: This is not gzip"):
        await world.run("customers", str(packed))
