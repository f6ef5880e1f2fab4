"""The dashboard in Chromium with a real server: sign-in, filters, tags, trials, live changes, a restart."""

import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from tests.server_process import EMAILS, ServerHarness
from tests.web.conftest import WEB

ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
LIVE = "Alpine Bakery"
RIGHT_TO_LEFT = "כרמל אנרגיה (2019)"
RESOURCES = {
    "Call queues for beginners": "GUIDE",
    "Queues of the spring release": "RELEASE_NOTE",
    "Rooms in a day": "VIDEO",
}
PLAN = [{"product": "MEETINGS", "licenses": 500}, {"product": "CALLING", "licenses": 500}]


def _customer(number: int, name: str) -> dict[str, Any]:
    country = "DE" if number < 10 else "FR"
    return {"externalId": f"WEB-{number}", "name": name, "managedBy": "PARTNER_ORGANIZATION", "country": country}


def _entitlement(number: int, assigned: int = 8, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    start = now - timedelta(days=30)
    dates = {"addedAt": start, "startsAt": start, "endsAt": now + timedelta(days=50)}
    return {
        "number": f"E-{number}",
        "customer": f"WEB-{number}",
        **{name: moment.isoformat() for name, moment in dates.items()},
        "licenses": [{"product": "MEETINGS", "total": 10, "assigned": assigned}],
        **more,
    }


def _resource(title: str, kind: str) -> dict[str, Any]:
    url = f"https://help.example/{title.replace(' ', '-')}"
    return {"url": url, "title": title, "summary": "How to.", "kind": kind, "products": [], "updatedOn": "2026-11-01"}


def _import_customers(harness: ServerHarness) -> None:
    names = [LIVE, *(f"Customer {number:02}" for number in range(1, 29)), RIGHT_TO_LEFT]
    harness.import_lines("customers", [_customer(number, name) for number, name in enumerate(names)])
    subscriptions = [_entitlement(number, autoRenew=True) for number in range(20)]
    trials = [_entitlement(number) for number in range(20, 30)]
    assert harness.import_lines("subscriptions", subscriptions)["refused"] == 0
    assert harness.import_lines("trials", trials)["refused"] == 0
    assert harness.import_lines("resources", [_resource(*of) for of in RESOURCES.items()])["refused"] == 0


def test_the_pages_work_in_the_browser(mongo_uri: str, database_name: str, node: str, chromium: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    harness = ServerHarness(mongo_uri, database_name, allowed_origins=origin)
    harness.make_partner(plan=PLAN)
    with ExitStack() as servers:
        server = servers.enter_context(harness.start_server())
        port = server.url.rpartition(":")[2]
        assert harness.query(ACCEPT_TERMS)["data"]["acceptTerms"]["userErrors"] == []
        _import_customers(harness)
        works: dict[str, Callable[[], object]] = {
            "overage": lambda: harness.import_lines("subscriptions", [_entitlement(0, 12, autoRenew=True)]),
            "relief": lambda: harness.import_lines("subscriptions", [_entitlement(0, autoRenew=True)]),
            "stop": servers.close,
            "start": lambda: servers.enter_context(harness.start_server("--port", port)),
            "rename": lambda: harness.import_lines("customers", [_customer(0, f"{LIVE} and Sons")]),
        }
        _run_browser(harness, works, node, chromium, origin)


def _run_browser(
    harness: ServerHarness, works: dict[str, Callable[[], object]], node: str, chromium: str, origin: str
) -> None:
    tokens = orjson.dumps({role: harness.token(role) for role in EMAILS}).decode()
    addresses = {"PARTNERHUB_URL": harness.url, "PARTNERHUB_TOKENS": tokens, "PARTNERHUB_CHROMIUM": chromium}
    addresses["PARTNERHUB_PAGE"] = origin
    script = Path("tests", "dashboard.test.mjs")
    with subprocess.Popen(
        [node, script],
        cwd=WEB,
        env={**os.environ, **addresses},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as browser:
        assert browser.stdout is not None and browser.stdin is not None
        # The script asks for a change by a line, and goes on when it gets one.
        for line in browser.stdout:
            if line.startswith("DO "):
                works[line.split()[1]]()
                browser.stdin.write("done\n")
                browser.stdin.flush()
        assert browser.wait(timeout=60) == 0
