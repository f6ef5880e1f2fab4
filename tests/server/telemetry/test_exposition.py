"""Figures of several workers together; tests/end_to_end/test_command_line.py reads those of real ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.telemetry.exposition import is_shared_by_workers, metrics_text, shared_by_workers


def test_a_worker_that_has_ended_keeps_its_counts_but_not_its_present() -> None:
    with shared_by_workers():
        assert is_shared_by_workers()
        program = """
from prometheus_client import Counter, Gauge
Counter("partnerhub_test_total", "A count").inc(2)
Gauge("partnerhub_test_open", "A present", multiprocess_mode="livesum").set(5)
"""
        for _ in range(2):
            subprocess.run([sys.executable, "-c", program], check=True)
        text = metrics_text().decode()
        assert "partnerhub_test_total 4.0" in text
        assert "partnerhub_test_open" not in text
    assert not is_shared_by_workers()


def test_the_files_are_deleted_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with shared_by_workers():
        directory = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        assert directory.is_dir() and directory.stat().st_mode & 0o077 == 0
    assert not directory.exists()
