"""`partnerhub export`: the same files as the API's, and refusals in one sentence."""

import asyncio
import csv
from io import StringIO
from pathlib import Path

import openpyxl
import orjson
import pytest

from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.server.cli.conftest import RunCommand
from tests.store.factory_customers import add_customers, subscription

EMAIL = "full@acme.example"
OF_ACME = ("--partner", "acme", "--email", EMAIL)
REPORT = ("--report", "expiring", "--product", "meetings", "--days", "365")


@pytest.fixture(autouse=True)
def _partner(run_command: RunCommand, mongo_uri: str, database_name: str) -> None:
    assert run_command("partner", "create", "--id", "acme", "--name", "Acme", "--admin", EMAIL).status == 0

    async def add() -> None:
        client = Client(mongo_uri, database_name)
        held = [(f"C-{number}", [subscription(f"S-{number}")]) for number in range(3)]
        await add_customers(Scope(client, "acme", utc_now()), held)
        await client.close()

    asyncio.run(add())


def test_writes_lists_to_files_and_to_standard_output(run_command: RunCommand, tmp_path: Path) -> None:
    columns = ("--column", "EXTERNAL_ID", "--column", "LICENSES_TOTAL")
    printed = run_command("export", "customers", *OF_ACME, "--descending", *columns)
    assert printed.status == 0, printed
    rows = list(csv.reader(StringIO(printed.output.removeprefix("\ufeff"))))
    assert rows == [["External id", "Licenses total"], ["C-2", "10"], ["C-1", "10"], ["C-0", "10"]]
    file = tmp_path / "report.xlsx"
    assert run_command("export", "licenses", *OF_ACME, *REPORT, "--format", "xlsx", "--output", str(file)).status == 0
    sheet = openpyxl.load_workbook(file).active
    assert [row[2].value for row in sheet.iter_rows()] == ["Subscription id", "S-0", "S-1", "S-2"]
    events = run_command("export", "activity", *OF_ACME, "--format", "ndjson", "--filter", '{"kind": "CUSTOMER_ADDED"}')
    assert {orjson.loads(line)["kind"] for line in events.output.splitlines()} == {"CUSTOMER_ADDED"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--partner", "nowhere", "--email", EMAIL), "There is no partner nowhere."),
        (("--partner", "acme", "--email", "no@acme.example"), "no@acme.example is no active administrator"),
        ((*OF_ACME, "--filter", "{"), "--filter is not JSON"),
        ((*OF_ACME, "--filter", "[]"), "--filter is an object"),
        ((*OF_ACME, "--filter", '{"status": ["NEW"]}'), "The list cannot be exported: "),
        ((*OF_ACME, "--filter", '{"expiresWithinDays": 0}'), "The list cannot be exported: expiresWithinDays"),
    ],
)
def test_refuses_in_one_sentence_and_leaves_no_file(
    run_command: RunCommand, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    refused = run_command("export", "customers", *arguments, "--output", str(tmp_path / "customers.csv"))
    assert (refused.status, refused.output) == (2, "") and message in refused.errors
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(run_command: RunCommand, tmp_path: Path) -> None:
    file = tmp_path / "missing" / "customers.csv"
    refused = run_command("export", "customers", *OF_ACME, "--output", str(file))
    assert refused.status == 2 and f"{file} cannot be written" in refused.errors
