"""`run_import`: files, directories, standard input, summaries and rejections."""

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


class ImportCommand:
    """Runs the command for a partner, with files in a folder; keeps its output."""

    def __init__(self, scope: Scope, folder: Path) -> None:
        self.scope, self.folder = scope, folder
        self.output, self.messages = "", ""

    def write(self, name: str, *lines: Any) -> str:
        """Write a file of records, compressed if its name ends in .gz; return its path."""
        content = ndjson(*lines)
        path = self.folder / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    async def run(self, *targets: str, refused: Path | None = None, terminal: bool = False) -> int:
        """Run the command; return its exit status."""
        output, messages = io.StringIO(), io.StringIO()
        consoles = Console(file=output, soft_wrap=True), Console(file=messages, force_terminal=terminal, width=200)
        try:
            return await run_import(self.scope.client, self.scope.partner_id, targets, refused, *consoles)
        finally:
            self.output, self.messages = output.getvalue(), messages.getvalue()


@pytest.fixture
async def command(mongo_uri: str, database_name: str, tmp_path: Path) -> AsyncIterator[ImportCommand]:
    client = Client(mongo_uri, database_name)
    scope = Scope(client, "acme", utc_now())
    await create_partner(scope, "Acme Telecom", "root@partner.example", [])
    yield ImportCommand(scope, tmp_path)
    await client.close()


async def test_files_are_loaded_and_summed_up(command: ImportCommand) -> None:
    first = command.write("a.ndjson", customer_record("C-1"), customer_record("C-2"))
    second = command.write("b.ndjson.gz", customer_record("C-2"), customer_record("C-3"))
    assert await command.run("customers", first, second) == 0
    assert command.output.splitlines() == [
        f"{first}: 2 added, 0 changed, 0 unchanged, 0 refused",
        f"{second}: 1 added, 0 changed, 1 unchanged, 0 refused",
        "all: 3 added, 0 changed, 1 unchanged, 0 refused",
    ]
    assert command.messages == ""


async def test_a_directory_is_loaded_in_the_order_of_the_kinds(command: ImportCommand) -> None:
    command.write("license-usage-1.ndjson.gz", usage_record())
    command.write("administrators.ndjson", administrator_record(assigned=["C-1"]))
    command.write("invoices.ndjson", invoice_record())
    command.write("orders.ndjson.gz", order_record())
    command.write("trials.ndjson", trial_record())
    command.write("subscriptions-2026.ndjson", subscription_record())
    command.write("customers.ndjson", customer_record())
    command.write("README.txt")
    assert await command.run(str(command.folder)) == 0
    loaded = [Path(line.split(":")[0]).name.split(".")[0] for line in command.output.splitlines()]
    expected = ["customers", "administrators", "subscriptions-2026", "trials"]
    assert loaded == [*expected, "orders", "invoices", "license-usage-1", "all"]
    assert command.messages == "README.txt: passed over, its name does not begin with a kind\n"


async def test_calls_are_loaded_after_everything_else_and_their_media_and_queues_after_them(
    command: ImportCommand,
) -> None:
    command.write("queue-calls.ndjson.gz", queue_call())
    command.write("call-media.ndjson", media())
    command.write("calls-november.csv.gz", report(row()).strip())
    command.write("customers.ndjson", customer_record())
    assert await command.run(str(command.folder)) == 0
    loaded = [Path(line.split(":")[0]).name.split(".")[0] for line in command.output.splitlines()]
    assert loaded == ["customers", "calls-november", "call-media", "queue-calls", "all"]
    assert command.output.splitlines()[-1] == "all: 4 added, 0 changed, 0 unchanged, 0 refused"
    (call,) = await documents(command.scope, "calls")
    assert (call["loss"], call["week"] is None) == (0.5, False)


async def test_refusals_name_file_line_key_field_and_reason(command: ImportCommand) -> None:
    path = command.write("c.ndjson", customer_record("C-1"), customer_record("C-\u001b[31m2", country=1), b"{")
    assert await command.run("customers", path) == 1
    told = command.messages.splitlines()
    reason = "contains a control character or half of a surrogate pair"
    assert told[0] == f"{path}:2 C-\N{REPLACEMENT CHARACTER}[31m2 externalId {reason}"
    assert told[1].startswith(f"{path}:3 - - is not JSON")
    assert command.output == f"{path}: 1 added, 0 changed, 0 unchanged, 2 refused\n"


async def test_rejected_records_can_be_corrected_and_imported_again(command: ImportCommand) -> None:
    kept = command.folder / "kept" / "refused.ndjson"
    kept.parent.mkdir()
    command.write("customers.ndjson", customer_record("C-1"), customer_record("C-2", country="DEU"), b"oops")
    command.write("trials.ndjson", trial_record(customer="C-2"))
    assert await command.run(str(command.folder), refused=kept) == 1
    lines = [orjson.loads(line) for line in kept.read_bytes().splitlines()]
    assert [(line["_refused"]["kind"], line["_refused"]["line"]) for line in lines] == [
        ("customers", 2),
        ("customers", 3),
        ("trials", 1),
    ]
    assert lines[1]["_refused"]["raw"] == "oops"
    mended = command.write("mended.ndjson", {**lines[0], "country": "DE"}, lines[2])
    assert await command.run("customers", mended, refused=kept) == 0
    assert await command.run("trials", mended, refused=kept) == 0
    assert kept.read_bytes() == b""
    assert [entitlement["number"] for entitlement in await documents(command.scope, "entitlements")] == ["TRI-1"]


async def test_rejected_rows_of_a_report_are_kept_under_their_header(command: ImportCommand) -> None:
    command.write("customers.ndjson", customer_record())
    await command.run(str(command.folder))
    first = command.folder / "first.csv"
    rows = row("R-1"), row("R-2", Duration="x"), row("R-3", Site='a "b", c', Duration="")
    first.write_bytes(b"\xef\xbb\xbf" + report(*rows))
    second = command.write("second.csv", b"Duration,Start time,Org UUID,Report ID\n1,2,3", b'"')
    kept = command.folder / "refused.csv"
    assert await command.run("calls", str(first), second, refused=kept) == 1
    assert command.messages.splitlines()[0] == (
        f"{first}:3 R-2 Duration must be whole seconds from 0 to 1,000,000, and is 'x'"
    )
    lines = kept.read_text().splitlines()
    told = "_refused line,_refused field,_refused reason,_refused raw"
    assert lines[0] == f"Report ID,Org UUID,Start time,Duration,Site,{told}"
    assert lines[3] == f"Duration,Start time,Org UUID,Report ID,{told}"
    assert lines[5] == ',,,,3,,opens a quote that is not closed,""""'
    mended = kept.read_text().replace(",x,", ",7,").replace("Z,,", "Z,8,")
    kept.write_text(mended)
    again = command.folder / "again.csv"
    assert await command.run("calls", str(kept), refused=again) == 1
    assert command.output == f"{kept}: 2 added, 0 changed, 0 unchanged, 2 refused\n"
    assert again.read_text().splitlines()[1:] == [
        ',,,,5,Report ID,is missing,"1,2,3"',
        ',,,,6,Report ID,is missing,""""',
    ]


async def test_a_report_with_carriage_returns_is_read(command: ImportCommand) -> None:
    command.write("customers.ndjson", customer_record())
    await command.run(str(command.folder))
    path = command.folder / "calls.csv"
    content = report(row("R-1", Site="a\nb"), row("R-2", Duration="x"), row("R-3", Site="a\rb"))
    path.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r"))
    assert await command.run("calls", str(path)) == 1
    assert command.output == f"{path}: 2 added, 0 changed, 0 unchanged, 1 refused\n"
    assert command.messages.startswith(f"{path}:4 R-2 Duration must be whole seconds")


async def test_rejected_calls_of_a_body_can_be_corrected_and_imported_again(command: ImportCommand) -> None:
    command.write("customers.ndjson", customer_record())
    await command.run(str(command.folder))
    path = command.write("calls.json", orjson.dumps({"items": [row("R-1"), row("R-2", Duration="x"), 7]}))
    kept = command.folder / "kept.ndjson"
    assert await command.run("calls", path, refused=kept) == 1
    assert command.messages.splitlines()[0].startswith(f"{path}:2 R-2 Duration must be whole seconds")
    mended = command.write("mended.json", {**orjson.loads(kept.read_bytes().splitlines()[0]), "Duration": 5})
    assert await command.run("calls", mended) == 0
    assert len(await documents(command.scope, "calls")) == 2


async def test_rejected_rows_and_records_are_in_two_files(command: ImportCommand) -> None:
    command.write("customers.ndjson", customer_record(), customer_record("C-2", country="DEU"))
    command.write("calls.csv", report(row(Duration="x"), row("R-2")))
    command.write("queue-calls.ndjson", queue_call(customer="C-9"))
    kept = command.folder / "kept" / "refused.ndjson"
    kept.parent.mkdir()
    assert await command.run(str(command.folder), refused=kept) == 1
    assert [orjson.loads(line)["_refused"]["kind"] for line in kept.read_bytes().splitlines()] == [
        "customers",
        "queue-calls",
    ]
    rows = kept.with_name("refused.calls.csv")
    assert len(rows.read_bytes().splitlines()) == 2
    with pytest.raises(OperatorError, match=r"refused\.calls\.csv is the file that is loaded"):
        await command.run("calls", str(rows), command.write("more.csv", report(row())), refused=rows)


async def test_a_report_without_its_columns_is_refused_and_the_others_are_loaded(command: ImportCommand) -> None:
    command.write("customers.ndjson", customer_record())
    without = command.write("calls-1.csv", report(row(), header=("Report ID", "Org UUID", "Duration")).strip())
    command.write("calls-2.csv", report(row()).strip())
    assert await command.run(str(command.folder)) == 1
    sentence = "In the header row the column is missing: Start time. Nothing of this file was loaded."
    assert command.messages == f"{without}: {sentence}\n"
    assert command.output.splitlines()[-1] == "all: 2 added, 0 changed, 0 unchanged, 0 refused"


async def test_reads_standard_input(command: ImportCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, ndjson(customer_record()))
    os.close(writing)
    with os.fdopen(reading) as piped:
        monkeypatch.setattr("sys.stdin", piped)
        assert await command.run("customers", "-") == 0
    assert command.output == "-: 1 added, 0 changed, 0 unchanged, 0 refused\n"


async def test_shows_progress_on_a_terminal_only(command: ImportCommand) -> None:
    path = command.write("c.ndjson", customer_record())
    await command.run("customers", path, terminal=True)
    assert "1 lines" in command.messages


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (["faxes", "x"], "faxes is neither a directory nor a kind; kinds are customers, administrators"),
        (["customers"], "Name the files with customers, or - for standard input."),
        (["customers", "nowhere.ndjson"], "There is no file nowhere.ndjson."),
    ],
)
async def test_says_what_is_wrong_with_the_targets(command: ImportCommand, targets: list[str], sentence: str) -> None:
    with pytest.raises(OperatorError, match=sentence):
        await command.run(*targets)


async def test_says_what_is_wrong_with_files(command: ImportCommand) -> None:
    with pytest.raises(OperatorError, match="begins with a kind"):
        await command.run(str(command.folder))
    path = command.write("c.ndjson", customer_record())
    with pytest.raises(OperatorError, match="is the file that is loaded"):
        await command.run("customers", path, refused=Path(path))
    with pytest.raises(OperatorError, match="cannot be written"):
        await command.run("customers", path, refused=command.folder)
    packed = command.folder / "c.gz"
    packed.write_bytes(b"plain")
    with pytest.raises(OperatorError, match=r"c\.gz: This is not gzip"):
        await command.run("customers", str(packed))


async def test_a_file_name_does_not_control_the_terminal(command: ImportCommand) -> None:
    name = command.write("\x1b[31mred\x1b[2J.ndjson", customer_record("C-1"), "{")
    assert await command.run("customers", name) == 1
    assert "\x1b" not in command.output + command.messages
    assert "red" in command.output
    command.write("\x1b]0;title\x07.txt")
    command.write("customers.ndjson")
    await command.run(str(command.folder))
    assert "\x1b" not in command.messages
