"""The application runs under an ASGI server other than uvicorn: queries, a websocket feed and an SSE feed."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest

from tests.server_process import ROOT, ServerHarness, stop
from tests.websocket_client import connect_websocket

ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
CREATE_TAG = "mutation ($name: String!) { createTag(input: {name: $name}) { tag { name } userErrors { message } } }"
TAG_CHANGED = "subscription { tagChanged { cursor tag { name } } }"


@contextmanager
def running_hypercorn(harness: ServerHarness) -> Iterator[str]:
    """A hypercorn process on a free port, ready for requests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    # A short grace period: open streams would otherwise keep hypercorn for long.
    arguments = ["--bind", address, "--graceful-timeout", "1", "server.asgi:application()"]
    with subprocess.Popen(
        [sys.executable, "-m", "hypercorn", *arguments], cwd=ROOT, env=harness.environment, text=True
    ) as process:
        try:
            harness.url = f"http://{address}"
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None and not is_ready(harness.url):
                time.sleep(0.1)
            assert is_ready(harness.url)
            yield harness.url
        finally:
            stop(process)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5, verify=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def url(harness: ServerHarness) -> Iterator[str]:
    with running_hypercorn(harness) as address:
        yield address


def test_queries_and_feeds_run_under_hypercorn(harness: ServerHarness, url: str) -> None:
    answer = harness.query("{ viewer { administrator { role } } }")
    assert answer == {"data": {"viewer": {"administrator": {"role": "FULL_ADMINISTRATOR"}}}}
    assert harness.query("{ nothing }")["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert harness.query(ACCEPT_TERMS)["data"]["acceptTerms"]["userErrors"] == []
    with connect_websocket(url, harness.token()) as client, open_stream(url, harness.token()) as events:
        client.subscribe(TAG_CHANGED)
        names = [f"tag {number}" for number in range(20)]
        for name in names:
            assert harness.query(CREATE_TAG, name=name)["data"]["createTag"]["userErrors"] == []
        assert [client.next()["tagChanged"]["tag"]["name"] for _ in names] == names
        assert [next(events)["data"]["tagChanged"]["tag"]["name"] for _ in names] == names


@contextmanager
def open_stream(url: str, token: str) -> Iterator[Iterator[dict[str, dict[str, dict[str, dict[str, str]]]]]]:
    """The payloads of a server-sent feed, whose headers have arrived."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream(
        "POST", f"{url}/graphql/stream", json={"query": TAG_CHANGED}, headers=headers, timeout=20, verify=False
    ) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        yield (orjson.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
