"""The container files and the systemd unit: parsed and checked against the settings and commands; not built here."""

import configparser
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pymongo.uri_parser import parse_uri

from server.app.settings import Settings, variable_of
from server.cli.command_line import application
from tests.server_process import ROOT

DEPLOY = ROOT / "deploy"
MEMBERS = ["mongodb1", "mongodb2", "mongodb3"]
KNOWN_VARIABLES = {variable_of(name) for name in Settings.__struct_fields__}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


@pytest.fixture(scope="module")
def containerfile() -> list[tuple[str, str]]:
    """The instructions with their arguments, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make-secrets` creates; it runs twice, and the second run changes nothing."""
    folder = tmp_path_factory.mktemp("deploy")
    shutil.copy(DEPLOY / "make-secrets", folder)
    contents = []
    for _ in range(2):
        subprocess.run([folder / "make-secrets"], check=True, timeout=60, capture_output=True)
        contents.append({path.name: path.read_bytes() for path in (folder / "secrets").iterdir()})
    assert contents[0] == contents[1]
    return folder / "secrets"


def test_every_image_has_a_version_and_none_names_a_registry(
    compose: dict[str, Any], containerfile: list[tuple[str, str]]
) -> None:
    arguments = [value.partition("=")[2] for name, value in containerfile if name == "ARG"]
    images = [service["image"] for service in compose["services"].values() if "build" not in service]
    assert all(re.fullmatch(r"[a-z]+:[\w.-]+", image) for image in [*arguments, *images])


def test_the_image_runs_the_server_as_another_user_from_locked_packages(containerfile: list[tuple[str, str]]) -> None:
    users = [value for name, value in containerfile if name == "USER"]
    assert users and users[-1].partition(":")[0] not in ("", "0", "root")
    installs = [value for name, value in containerfile if name == "RUN" and "requirements.txt" in value]
    assert all("--require-hashes" in value for value in installs) and installs
    copied = [value.split()[-2] for name, value in containerfile if name == "COPY" and "--from" not in value]
    assert all((ROOT / path).exists() for path in copied)


def test_the_commands_of_image_compose_and_unit_are_commands_of_partnerhub(
    compose: dict[str, Any], containerfile: list[tuple[str, str]]
) -> None:
    commands = [yaml.safe_load(value) for name, value in containerfile if name == "CMD" and "serve" in value]
    commands += [service["command"] for service in compose["services"].values() if "command" in service]
    commands.append(_read_unit()["Service"]["ExecStart"].split()[1:])
    assert len(commands) == 4
    for command in commands:
        # --help after the options: click refuses unknown ones and values of wrong types before it prints the help.
        result = CliRunner().invoke(application, [*command, "--unknown"])
        assert "No such option '--unknown'" in result.output, result.output
        assert CliRunner().invoke(application, [*command, "--help"]).exit_code == 0


def test_the_replica_set_has_three_members_that_are_healthy_before_the_servers_start(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name in services if name in MEMBERS] == MEMBERS
    assert len({services[name]["volumes"][0] for name in MEMBERS}) == 3
    assert all("healthcheck" in services[name] and "ports" not in services[name] for name in MEMBERS)
    assert set(services["mongodb-setup"]["depends_on"]) == set(MEMBERS)
    assert compose["networks"]["database"]["internal"] is True
    script = (DEPLOY / "mongodb/set-up.js").read_text(encoding="utf-8")
    assert all(f'"{name}"' in script for name in MEMBERS)
    for name in ("server1", "server2"):
        assert services[name]["depends_on"]["mongodb-setup"]["condition"] == "service_completed_successfully"


def test_servers_are_confined_and_have_time_to_end(compose: dict[str, Any]) -> None:
    for name in ("server1", "server2"):
        service = compose["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert int(service["stop_grace_period"].removesuffix("s")) > 10 + Settings().drain_seconds
        assert set(service["environment"]) <= KNOWN_VARIABLES
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_every_secret_and_volume_that_a_service_names_is_declared(compose: dict[str, Any], secrets: Path) -> None:
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        named = {volume.partition(":")[0] for volume in service.get("volumes", [])}
        assert {volume for volume in named if "/" not in volume} <= set(compose["volumes"])
        assert all((DEPLOY / volume).exists() for volume in named if "/" in volume)
    files = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert files | {"server.env"} == {path.name for path in secrets.iterdir()}


def test_the_servers_address_the_members_with_the_created_password(secrets: Path) -> None:
    name, _, uri = (secrets / "server.env").read_text().strip().partition("=")
    parsed = parse_uri(uri)
    assert name == "MONGODB_URI"
    assert [host for host, _ in parsed["nodelist"]] == MEMBERS
    assert parsed["password"] == (secrets / "mongodb-server-password").read_text().strip()
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


@pytest.mark.parametrize("script", ["make-secrets", "mongodb/start-member", "mongodb/set-up"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    assert os.access(DEPLOY / script, os.X_OK)
    subprocess.run(["bash", "-n", DEPLOY / script], check=True, timeout=30)


def test_the_unit_ends_the_server_in_time_and_confines_it() -> None:
    service = _read_unit()["Service"]
    assert int(service["TimeoutStopSec"]) > 10 + Settings().drain_seconds
    assert (service["DynamicUser"], service["ProtectSystem"], service["KillSignal"]) == ("yes", "strict", "SIGTERM")
    assert service["Environment"].partition("=")[0] in KNOWN_VARIABLES


def _read_unit() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    # Names of directives are case-sensitive.
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd/partnerhub.service", encoding="utf-8")
    return unit
