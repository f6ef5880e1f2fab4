"""`partnerhub token` and `partnerhub tokens`: what they issue, record, list, revoke and refuse."""

import re
from pathlib import Path

import orjson
import pytest

from tests.server.cli.conftest import RunCommand

EMAIL = "full@acme.example"
OF_ACME = ("--partner", "acme", "--email", EMAIL)


@pytest.fixture(autouse=True)
def _partner(run_command: RunCommand) -> None:
    created = run_command("partner", "create", "--id", "acme", "--name", "Acme Telecom", "--admin", EMAIL)
    assert created.status == 0


def test_service_tokens_are_listed_and_revoked(run_command: RunCommand) -> None:
    assert run_command("token", *OF_ACME).status == 0
    assert run_command("token", *OF_ACME, "--scope", "import", "--label", "nightly").status == 0
    assert run_command("token", "--scope", "metrics", "--ttl", "31622400").output.splitlines()[-1].count(".") == 2
    head, metrics, imports = run_command("tokens", "list").output.splitlines()
    assert head.split() == ["id", "partner", "scopes", "state", "issued", "expires", "last", "used", "label"]
    assert re.fullmatch(r"svc_\w{24}  -        metrics  active  +\S+Z +\S+Z +-", metrics)
    found = re.fullmatch(r"(svc_\w{24})  acme     import   active +\S+Z +\S+Z +- +nightly", imports)
    assert found is not None
    assert [line.split()[0] for line in run_command("tokens", "list", "--partner", "acme").output.splitlines()] == [
        "id",
        found[1],
    ]
    revoked = run_command("tokens", "revoke", found[1])
    assert revoked.output == "Revoked 1 token; every server refuses them within two seconds.\n"
    assert "revoked" in run_command("tokens", "list").output.splitlines()[2]
    again = run_command("tokens", "revoke", found[1])
    assert (again.status, again.errors) == (2, f"There is no active token {found[1]}.\n")
    assert run_command("tokens", "revoke", "--partner", "acme").output.startswith("Revoked 0 tokens;")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("token",), "A token needs --partner ID and --email EMAIL"),
        (("token", *OF_ACME, "--scope", "metrics"), "Metrics are of the whole server: leave out --partner"),
        (("token", *OF_ACME, "--scope", "api", "--scope", "import"), "--scope api goes alone"),
        (("token", *OF_ACME, "--scope", "metrics", "--scope", "import"), "--scope metrics goes alone"),
        (("token", *OF_ACME, "--ttl", "86401"), "A token of 86401 s would be refused: PARTNERHUB_TOKEN_MAX_SECONDS"),
        (("token", *OF_ACME, "--scope", "import", "--ttl", "31622401"), "A token of 31622401 s would be refused"),
        (("token", *OF_ACME, "--scope", "import", "--label", "a\nb"), "--label has at most 100 printable characters."),
        (("tokens", "revoke"), "Name the token by its id"),
        (("tokens", "revoke", "svc_1", "--partner", "acme"), "Name the token by its id"),
        (("tokens", "revoke", "svc_1"), "There is no active token svc_1."),
        (("tokens", "list", "--partner", "nowhere"), "There is no partner nowhere."),
    ],
)
def test_refuses_what_would_be_of_no_use(run_command: RunCommand, arguments: tuple[str, ...], message: str) -> None:
    refused = run_command(*arguments)
    assert (refused.status, refused.output) == (2, "")
    assert refused.errors.startswith(message)


def test_a_removed_administrator_gets_no_token(run_command: RunCommand, tmp_path: Path) -> None:
    delivery = tmp_path / "administrators.ndjson"
    person = {"email": "ada@acme.example", "displayName": "Ada", "role": "ADMINISTRATOR", "state": "DEACTIVATED"}
    delivery.write_bytes(orjson.dumps(person))
    assert run_command("import", "administrators", str(delivery), "--partner", "acme").status == 0
    refused = run_command("token", "--partner", "acme", "--email", "ada@acme.example")
    assert refused == (2, "", "ada@acme.example is no administrator of acme.\n")


@pytest.mark.parametrize(
    ("accepted", "scope", "status"), [("service", "api", 2), ("service", "import", 0), ("none", "import", 2)]
)
def test_issues_no_token_that_the_server_refuses(
    run_command: RunCommand, monkeypatch: pytest.MonkeyPatch, accepted: str, scope: str, status: int
) -> None:
    monkeypatch.setenv("PARTNERHUB_LOCAL_TOKENS", accepted)
    issued = run_command("token", *OF_ACME, "--scope", scope)
    assert issued.status == status
    assert ("the server would refuse this token" in issued.errors) is (status == 2)
