"""Where all clients are required, a test whose program is missing fails."""

import pytest

from tests.conftest import fail_if_required
from tests.server_process import ROOT


def _skipped() -> pytest.TestReport:
    reason = ("file.py", 3, "Skipped: java is missing")
    return pytest.TestReport("t", ("file.py", 3, "t"), {}, "skipped", reason, "setup")


def test_a_skip_is_a_failure_where_clients_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERHUB_REQUIRE_CLIENTS", "1")
    report = _skipped()
    fail_if_required(report)
    assert report.failed
    assert "java is missing" in str(report.longrepr)


def test_a_skip_is_a_skip_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARTNERHUB_REQUIRE_CLIENTS", raising=False)
    report = _skipped()
    fail_if_required(report)
    assert report.skipped


def test_ci_requires_clients() -> None:
    assert "PARTNERHUB_REQUIRE_CLIENTS=1" in (ROOT / ".ci" / "run").read_text()
