"""The receivers of docs/integrations.md, run as printed with the libraries of Standard Webhooks."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from domain.integrations.webhook_signatures import format_secret, secret_key, signed_headers, valid_keys
from store.database.clock import utc_now
from tests.factory_documents import DAY
from tests.web.conftest import WEB
from tests.web.recipe_files import read_recipe_files

SEED = b"seed" * 8
EVENT = {"id": "evt_1", "kind": "STATUS_CHANGED", "summary": "Đorđe & Söhne is now expired"}
BODY = orjson.dumps({"type": "status.changed", "timestamp": "2026-11-29T08:00:00Z", "data": EVENT})
FILES = read_recipe_files(WEB.parent / "docs" / "integrations.md")


@contextmanager
def receiver(program: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Run the printed file within reach of the npm packages; it has the secret with the number 2."""
    environment = {**os.environ, "WEBHOOK_SECRET": format_secret(secret_key(SEED, 2)), "PORT": "0"}
    with tempfile.TemporaryDirectory(prefix="receivers-", dir=WEB / "tests") as folder:
        (Path(folder) / name).write_text(FILES[name], encoding="utf-8")
        command = [program, name]
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def check_receiver(program: str, name: str) -> None:
    """Send what the server would send, also after a rotation of the secret, and what it would not send."""
    now = utc_now()
    rotated = signed_headers(valid_keys(SEED, 3, now, now), "evt_1", now, BODY)
    signed = signed_headers(valid_keys(SEED, 2, None, now), "evt_1", now, BODY)
    foreign = signed_headers([secret_key(SEED, 1)], "evt_1", now, BODY)
    late = signed_headers([secret_key(SEED, 2)], "evt_1", now - DAY, BODY)
    deliveries = [(signed, BODY), (rotated, BODY), (foreign, BODY), (late, BODY), (signed, BODY + b" "), ({}, BODY)]
    with receiver(program, name) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{process.stdout.readline().split()[-1]}/"
        with httpx.Client(timeout=30, verify=False) as http:
            statuses = [http.post(url, content=body, headers=headers).status_code for headers, body in deliveries]
        assert statuses == [204, 204, 401, 401, 401, 401]
        assert [process.stdout.readline().split()[:2] for _ in range(2)] == [["evt_1", "STATUS_CHANGED"]] * 2


def test_the_receiver_in_python() -> None:
    check_receiver(sys.executable, "receiver.py")


@pytest.mark.usefixtures("client_packages")
def test_the_receiver_in_node(node: str) -> None:
    check_receiver(node, "receiver.mjs")
