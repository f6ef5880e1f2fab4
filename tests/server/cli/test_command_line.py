"""The commands that need no process of their own: what they check, print and return."""

import asyncio
from pathlib import Path

import orjson
import pytest
from pymongo import MongoClient

from jobs.loop import JOBS
from server.auth.keys import generate_key
from server.cli.checks import MAX_REPORTED_PROBLEMS
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partners import Partners
from tests.server.cli.conftest import RunCommand
from tests.store.factory_customers import add_customers

EMAIL = "full@acme.example"
CREATE = ("partner", "create", "--id", "acme", "--name", "Acme Telecom", "--admin", EMAIL)


@pytest.fixture
def partner(run_command: RunCommand) -> str:
    assert run_command(*CREATE).status == 0
    return "acme"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--id", "No Spaces", "--name", "N", "--admin", "a@b.example"], "--id 'No Spaces' must be"),
        (["--id", "", "--name", "N", "--admin", "a@b.example"], "--id '' must be"),
        (["--id", "p" * 41, "--name", "N", "--admin", "a@b.example"], "must be 1 to 40 characters"),
        (["--id", "ä", "--name", "N", "--admin", "a@b.example"], "must be 1 to 40 characters"),
        (["--id", "p", "--name", " ", "--admin", "a@b.example"], "--name must not be blank"),
        (["--id", "p", "--name", "N", "--admin", "nobody"], "is not an e-mail address"),
        (["--id", "p", "--name", "N", "--admin", "a@b@c"], "is not an e-mail address"),
    ],
)
def test_rejects_a_partner_with_bad_input(run_command: RunCommand, arguments: list[str], message: str) -> None:
    rejected = run_command("partner", "create", *arguments)
    assert rejected.status == 2
    assert message in rejected.errors and "Traceback" not in rejected.errors


def test_prints_the_created_partner(run_command: RunCommand) -> None:
    created = run_command(*CREATE)
    assert created == (0, f"Made the partner acme with {EMAIL} as its FULL_ADMINISTRATOR.\n", "")


async def _stored_plan(mongo_uri: str, database_name: str) -> list[tuple[str, int]]:
    client = Client(mongo_uri, database_name)
    try:
        partner = await Partners(Scope(client, "acme", utc_now())).get()
        assert partner is not None
        return [(line["product"], line["licenses"]) for line in partner.plan]
    finally:
        await client.close()


def test_stores_the_ordered_plan(run_command: RunCommand, tmp_path: Path, mongo_uri: str, database_name: str) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(orjson.dumps([{"product": "CALLING", "licenses": 70}, {"product": "MEETINGS", "licenses": 0}]))
    assert run_command(*CREATE, "--plan", str(plan)).status == 0
    assert asyncio.run(_stored_plan(mongo_uri, database_name)) == [("CALLING", 70), ("MEETINGS", 0)]


@pytest.mark.parametrize(
    "content",
    [
        '[{"product": "FAX", "licenses": 70}]',
        '[{"product": "CALLING", "licenses": -1}]',
        '[{"product": "CALLING", "licenses": true}]',
        '[{"product": "CALLING", "licenses": 1.5}]',
        '[{"product": "CALLING"}]',
        '{"product": "CALLING", "licenses": 1}',
        "[1]",
        "not JSON",
    ],
)
def test_rejects_a_bad_plan(run_command: RunCommand, tmp_path: Path, content: str) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(content)
    rejected = run_command(*CREATE, "--plan", str(plan))
    assert rejected.status == 2
    assert "must be JSON of the form" in rejected.errors and "products are MEETINGS" in rejected.errors


def test_rejects_a_plan_that_cannot_be_read(run_command: RunCommand, tmp_path: Path) -> None:
    rejected = run_command(*CREATE, "--plan", str(tmp_path / "absent.json"))
    assert rejected.status == 2 and "cannot be read: No such file or directory." in rejected.errors


def test_prints_a_token_on_the_last_line(run_command: RunCommand, partner: str) -> None:
    printed = run_command("token", "--partner", partner, "--email", EMAIL.upper(), "--scope", "import", "--ttl", "60")
    assert printed.status == 0
    assert printed.output.splitlines()[-1].count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--partner", "acme", "--email", "nobody@acme.example"], "nobody@acme.example is no administrator of acme."),
        (["--partner", "nowhere", "--email", EMAIL], "There is no partner nowhere."),
        (["--partner", "No Spaces", "--email", EMAIL], "There is no partner No Spaces."),
        (["--partner", "acme", "--email", EMAIL, "--scope", "root"], "--scope root is unknown"),
    ],
)
@pytest.mark.usefixtures("partner")
def test_prints_no_token_for_a_bad_request(run_command: RunCommand, arguments: list[str], message: str) -> None:
    rejected = run_command("token", *arguments)
    assert (rejected.status, rejected.output) == (2, "")
    assert rejected.errors.startswith(message)


@pytest.mark.parametrize("job", [job.name for job in JOBS])
def test_runs_each_job(run_command: RunCommand, job: str) -> None:
    assert run_command("jobs", "run", job) == (0, f"{job}: 0 done\n", "")


def test_names_the_jobs_for_an_unknown_one(run_command: RunCommand) -> None:
    rejected = run_command("jobs", "run", "sweep")
    assert rejected.status == 2 and "Jobs are: evaluate_due" in rejected.errors


def test_names_a_bad_setting(run_command: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERHUB_RING_EVENTS", "many")
    rejected = run_command("check")
    assert rejected.status == 2 and rejected.errors.startswith("PARTNERHUB_RING_EVENTS: ")


def test_rejects_a_day_that_is_none(run_command: RunCommand, tmp_path: Path) -> None:
    rejected = run_command("sample", str(tmp_path), "--day", "2026-02-30")
    assert rejected.status == 2 and rejected.errors.startswith("--day 2026-02-30 ")
    assert list(tmp_path.iterdir()) == []


def test_check_names_a_database_without_a_version(run_command: RunCommand) -> None:
    checked = run_command("check")
    assert checked.status == 1 and "has no schema version yet" in checked.output


@pytest.mark.usefixtures("partner")
def test_check_finds_nothing_wrong_with_a_prepared_database(run_command: RunCommand) -> None:
    checked = run_command("check")
    assert checked[:2] == (0, "Settings, database, indexes and keys are as they should be.\n")
    assert "The replica set has one member" in checked.errors


@pytest.mark.usefixtures("partner")
def test_check_names_misspelled_and_unknown_variables(
    run_command: RunCommand, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNERHUB_ALOWED_ORIGINS", "https://a.example")
    monkeypatch.setenv("PARTNERHUB_ELEPHANT", "1")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    monkeypatch.setenv("MONGODB_URI", f"{mongo_uri}&readPreference=secondary")
    checked = run_command("check")
    assert checked.status == 1 and "Did you mean PARTNERHUB_ALLOWED_ORIGINS?" in checked.output
    assert "PARTNERHUB_ELEPHANT is no setting" in checked.errors
    assert "readPreference=secondary" in checked.output and "OTEL_TRACES_EXPORTER" in checked.output


@pytest.mark.usefixtures("partner")
def test_check_advises_where_others_may_read_the_key(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.pem"
    path.write_text(generate_key())
    path.chmod(0o644)
    monkeypatch.delenv("PARTNERHUB_SIGNING_KEY")
    monkeypatch.setenv("PARTNERHUB_SIGNING_KEY_FILE", str(path))
    checked = run_command("check")
    assert checked.status == 0 and f"Advice: PARTNERHUB_SIGNING_KEY_FILE: {path} has the mode 0644" in checked.errors


@pytest.mark.usefixtures("partner")
def test_check_names_a_missing_index(run_command: RunCommand, mongo_uri: str, database_name: str) -> None:
    with MongoClient[Document](mongo_uri) as client:
        client[database_name]["tags"].drop_indexes()
    checked = run_command("check")
    assert checked.status == 1
    assert checked.output.startswith("Indexes are missing, ") and "tags." in checked.output


def test_check_repairs_only_deeply(run_command: RunCommand) -> None:
    rejected = run_command("check", "--repair")
    assert rejected == (2, "", "--repair goes with --deep.\n")


@pytest.mark.usefixtures("partner")
def test_a_deep_check_reports_a_limited_number_and_repairs(
    run_command: RunCommand, mongo_uri: str, database_name: str
) -> None:
    number = MAX_REPORTED_PROBLEMS + 5
    asyncio.run(_add_customers_with_wrong_statuses(mongo_uri, database_name, number))
    checked = run_command("check", "--deep").output.splitlines()
    assert len(checked) == MAX_REPORTED_PROBLEMS + 2
    assert checked[-2].startswith("And 5 more.")
    assert "--deep --repair" in checked[-1]
    assert "check once more" in run_command("check", "--deep", "--repair").output.splitlines()[-1]
    assert run_command("check", "--deep").status == 0


async def _add_customers_with_wrong_statuses(mongo_uri: str, database_name: str, number: int) -> None:
    client = Client(mongo_uri, database_name)
    try:
        scope = Scope(client, "acme", utc_now())
        await add_customers(scope, ((f"C-{n}", []) for n in range(number)))
    finally:
        await client.close()
    with MongoClient[Document](mongo_uri) as sync_client:
        sync_client[database_name]["customers"].update_many({}, {"$set": {"statuses": ["EXPIRED"]}})
