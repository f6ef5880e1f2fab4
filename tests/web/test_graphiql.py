"""GraphiQL in Chromium with a real server: queries, mutations, a subscription that receives an import, a phone."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server_process import ServerHarness
from tests.web.conftest import WEB

CUSTOMER = "WEB-1"
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'


def _subscription(assigned: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    start, end = now - timedelta(days=30), now + timedelta(days=300)
    return {
        "number": "SUB-WEB-1",
        "customer": CUSTOMER,
        "addedAt": start.isoformat(),
        "startsAt": start.isoformat(),
        "endsAt": end.isoformat(),
        "autoRenew": True,
        "licenses": [{"product": "MEETINGS", "total": 10, "assigned": assigned}],
    }


def _import_customer(harness: ServerHarness) -> None:
    customer = {"externalId": CUSTOMER, "name": "Müller Logistik GmbH", "managedBy": "PARTNER_ORGANIZATION"}
    harness.import_lines("customers", [customer])
    harness.import_lines("subscriptions", [_subscription(assigned=8)])


def _exceed_licenses(harness: ServerHarness) -> None:
    harness.import_lines("subscriptions", [_subscription(assigned=12)])


def test_runs_queries_and_subscriptions_in_the_browser(
    running_harness: ServerHarness, node: str, chromium: str
) -> None:
    _import_customer(running_harness)
    assert running_harness.query(ACCEPT_TERMS)["data"]["acceptTerms"]["userErrors"] == []
    environment = {
        **os.environ,
        "PARTNERHUB_URL": running_harness.url,
        "PARTNERHUB_TOKEN": running_harness.token("FULL_ADMINISTRATOR"),
        "PARTNERHUB_CUSTOMER": CUSTOMER,
        "PARTNERHUB_CHROMIUM": chromium,
    }
    command = [node, "tests/graphiql.test.mjs"]
    with subprocess.Popen(command, cwd=WEB, env=environment, stdout=subprocess.PIPE, text=True) as browser:
        assert browser.stdout is not None
        # The script prints a line when the page has subscribed, and errors on standard error.
        for line in browser.stdout:
            if line.strip() == "SUBSCRIBED":
                _exceed_licenses(running_harness)
        assert browser.wait(timeout=60) == 0
