"""HTTP clients as they are by default: Java's HttpClient and curl offer HTTP/2 (h2c); axios comes from web/tests."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server_process import EMAILS, ROOT, ServerHarness

AXIOS = ROOT / "web" / "tests"
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
QUERY = "query($n: Int) { viewer { administrator { email } } customers(first: $n) { totalCount } }"
ANSWER = {
    "data": {"viewer": {"administrator": {"email": EMAILS["FULL_ADMINISTRATOR"]}}, "customers": {"totalCount": 0}}
}


@pytest.fixture(scope="module")
def harness(mongo_uri: str, module_database: str) -> Iterator[ServerHarness]:
    made = ServerHarness(mongo_uri, module_database)
    made.make_partner()
    with made.start_server():
        made.query(ACCEPT_TERMS)
        yield made


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: run make test, or install it.")
    return path


def run(*command: str) -> list[dict[str, Any]]:
    """Run a client; return the responses that it prints, one a line, without what the server says of the budget."""
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    responses: list[dict[str, Any]] = [json.loads(line) for line in finished.stdout.splitlines()]
    for response in responses:
        response.pop("extensions", None)
    return responses


def test_java(harness: ServerHarness) -> None:
    source = Path(__file__).with_name("JavaClient.java")
    query, mutation, wrong = run(program("java"), str(source), harness.url, harness.token())
    assert query == ANSWER
    assert mutation == {"data": {"createTag": {"tag": {"name": "Java " + "x" * 20}}}}
    assert wrong["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("option", ["--http2", "--http1.1", "--http1.0"])
def test_curl(harness: ServerHarness, option: str) -> None:
    body = json.dumps({"query": QUERY, "variables": {"n": 1}})
    headers = ["-H", f"Authorization: Bearer {harness.token()}", "-H", "Content-Type: application/json"]
    curl = [program("curl"), "-sS", "--noproxy", "*", option, *headers, "-w", "\n"]
    address = f"{harness.url}/graphql"
    # Twice on one connection.
    repeated = ["--next", "-sS", option, *headers, "-w", "\n", "-d", body, address]
    assert run(*curl, "-d", body, address, *repeated) == [ANSWER, ANSWER]
    # A larger body is announced with `Expect: 100-continue`.
    long = body[:-1] + ", " + '"extensions": {"x": "' + "x" * 1_100_000 + '"}}'
    command = [*curl, "-d", "@-", address]
    finished = subprocess.run(command, input=long, capture_output=True, text=True, timeout=60, check=False)
    assert '"The body may have at most 1 MiB' in finished.stdout


def test_axios(harness: ServerHarness) -> None:
    if not (AXIOS / "node_modules" / "axios").is_dir():
        pytest.skip("The packages of web/tests/ are missing: run make client-packages.")
    answers = run(program("node"), str(AXIOS / "axios.test.mjs"), harness.url, harness.token())
    assert answers == [{"passed": True}]
