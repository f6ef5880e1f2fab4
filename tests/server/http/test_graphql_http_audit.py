"""The audit of the npm package graphql-http: every one of its checks passes (with the packages of web/)."""

import json
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.api_server import running_api

WEB = Path(__file__).resolve().parents[3] / "web"
CHECKS = 61


@pytest.mark.skipif(
    which("node") is None or not (WEB / "node_modules" / "graphql-http").is_dir(),
    reason="needs Node 20.19+ and the packages of web/: run make setup",
)
def test_passes_every_check_of_the_audit(mongo_uri: str, database_name: str) -> None:
    with running_api(mongo_uri, database_name) as api:
        token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
        command = ["node", str(WEB / "tests" / "graphql_http_audit.mjs"), f"{api.url}/graphql", token]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    checks = [json.loads(line) for line in run.stdout.splitlines()]
    assert [check for check in checks if check["status"] != "ok"] == []
    assert len(checks) == CHECKS
