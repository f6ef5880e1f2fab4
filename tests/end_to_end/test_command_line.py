"""Commands in their own process, as an operator runs them."""

import socket
from pathlib import Path
from typing import Any

import httpx
import orjson
from pymongo import MongoClient

from domain.imports.records import ImportKind
from tests.end_to_end.test_live import customer
from tests.server_process import EMAILS, PARTNER, ServerHarness


def test_creates_a_partner_once(harness: ServerHarness) -> None:
    again = harness.command("partner", "create", "--id", PARTNER, "--name", "Again", "--admin", "a@b.example")
    assert (again.returncode, again.stderr) == (2, f"There is a partner {PARTNER} already.\n")


def test_prints_the_token_alone_on_the_last_line(harness: ServerHarness) -> None:
    made = harness.command(
        "token", "--partner", PARTNER, "--email", EMAILS["FULL_ADMINISTRATOR"].upper(), "--ttl", "60"
    )
    assert made.returncode == 0
    assert made.stdout.splitlines()[-1].count(".") == 2


def test_import_prints_a_summary_and_writes_rejected_records_to_a_file(harness: ServerHarness, tmp_path: Path) -> None:
    source, rejected = tmp_path / "customers.ndjson", tmp_path / "refused.ndjson"
    good, bad = customer("C-1"), {**customer("C-2"), "managedBy": "MAGIC"}
    source.write_bytes(orjson.dumps(good) + b"\n" + orjson.dumps(bad) + b"\n")
    loaded = harness.command("import", "customers", str(source), "--partner", PARTNER, "--refused", str(rejected))
    assert loaded.returncode == 1
    assert "1 added" in loaded.stdout and "1 refused" in loaded.stdout
    assert ":2" in loaded.stderr and "C-2" in loaded.stderr and "managedBy" in loaded.stderr
    rejected.write_text(rejected.read_text().replace("MAGIC", "PARTNER_ORGANIZATION"))
    corrected = harness.command("import", "customers", str(rejected), "--partner", PARTNER)
    assert (corrected.returncode, "1 added" in corrected.stdout) == (0, True)
    again = harness.command("import", "customers", str(source), str(rejected), "--partner", PARTNER)
    assert "2 unchanged" in again.stdout


def test_imports_the_sample_completely_and_a_second_time_unchanged(harness: ServerHarness, tmp_path: Path) -> None:
    written = harness.command("sample", str(tmp_path), "--customers", "60")
    assert written.returncode == 0 and len(written.stdout.splitlines()) == len(ImportKind)
    first = harness.command("import", str(tmp_path), "--partner", PARTNER)
    assert (first.returncode, first.stderr) == (0, "")
    again = harness.command("import", str(tmp_path), "--partner", PARTNER)
    assert again.stdout.splitlines()[-1].endswith(" unchanged, 0 refused")
    assert ": 0 added, 0 changed" in again.stdout.splitlines()[-1]


def test_runs_a_job(harness: ServerHarness) -> None:
    finished = harness.command("jobs", "run", "evaluate_due")
    assert (finished.returncode, finished.stdout) == (0, "evaluate_due: 0 done\n")


def test_a_deep_check_includes_customers(harness: ServerHarness) -> None:
    with harness.start_server():
        harness.import_lines("customers", [{"externalId": "C-1", "name": "Acme", "managedBy": "PARTNER_ORGANIZATION"}])
    checked = harness.command("check", "--deep")
    assert (checked.returncode, checked.stdout.count("\n")) == (0, 1) and "customers" in checked.stdout


def test_reports_a_port_in_use_in_a_sentence(harness: ServerHarness) -> None:
    with harness.start_server():
        port = harness.url.rsplit(":", 1)[1]
        refused = harness.command("serve", "--port", port)
        assert refused.returncode == 2 and f"port {port}" in refused.stderr


def test_several_workers_share_one_port_and_stop_together(harness: ServerHarness) -> None:
    harness.is_forked = False
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    harness.environment["PARTNERHUB_METRICS_PORT"] = str(port)
    with harness.start_server("--workers", "2") as server:
        answers = [httpx.get(f"{harness.url}/graphql", verify=False) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {401}
        # Whichever worker answers, it counts the requests of both.
        texts = [httpx.get(f"http://127.0.0.1:{port}/metrics", verify=False).text for _ in range(6)]
        assert all('partnerhub_http_requests_total{status="401"} 20.0' in text for text in texts)
        assert all("\npartnerhub_feed_subscribers 0.0" in text for text in texts)
        assert httpx.get(f"http://127.0.0.1:{port}/graphql", verify=False).status_code == 404
        assert httpx.get(f"{harness.url}/metrics", verify=False).status_code == 401
    assert server.process.returncode == 0


def test_a_server_ends_with_status_0_on_sigterm(harness: ServerHarness) -> None:
    harness.is_forked = False
    with harness.start_server() as server:
        pass
    assert server.process.returncode == 0


def test_check_reports_the_schema_version_and_a_newer_one_stops_every_command(
    harness: ServerHarness, mongo_uri: str
) -> None:
    assert harness.command("check").returncode == 0
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        schema = client[harness.environment["PARTNERHUB_DATABASE"]]["schema"]
        schema.update_one({"_id": "version"}, {"$inc": {"version": 1}})
    checked = harness.command("check")
    assert checked.returncode == 1 and "start the partnerhub that wrote it, or a later one" in checked.stdout
    stopped = harness.command("jobs", "run", "renew_due")
    assert (stopped.returncode, stopped.stdout) == (2, "") and "knows versions up to" in stopped.stderr
