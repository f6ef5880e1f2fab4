"""`partnerhub check`: reports problems with settings, database, indexes, keys, documents and issuers."""

import os
import sys
from pathlib import Path

from server.app.database import database_uri
from server.app.documents import find_document_problems
from server.app.keys import key_file_advice, load_keys
from server.app.settings import Settings
from server.cli.checks import find_deep_problems
from server.cli.deployment_checks import check_deployment, find_uri_problems
from server.cli.issuer_checks import find_issuer_problems
from server.cli.setting_checks import check_variables
from store.database.client import Client
from store.database.deployment import read_deployment
from store.indexes import COLLECTIONS, missing_indexes
from store.migrations import find_version_problem


async def run_check(settings: Settings, data: Path | None, *, deep: bool, repair: bool) -> int:
    """Print the problems, and advice on standard error; return 0 if there are no problems, otherwise 1."""
    findings = check_variables(os.environ)
    with database_uri(settings, data) as uri:
        load_keys(settings, data)
        client = Client(uri, settings.database, driver=settings.driver)
        try:
            problems = await _find_database_problems(client)
            deployment = check_deployment(
                await read_deployment(client), COLLECTIONS, is_embedded=not settings.mongodb_uri
            )
            # A start must create the indexes and apply the migrations first.
            problems += await find_deep_problems(client, repair=repair) if deep and not problems else []
            problems += deployment.problems + findings.problems + find_uri_problems(settings.mongodb_uri)
            problems += find_document_problems(settings)
            problems += await find_issuer_problems(settings)
        finally:
            await client.close()
    for advice in (*findings.advice, *key_file_advice(settings), *deployment.advice):
        print(f"Advice: {advice}", file=sys.stderr)
    for problem in problems:
        print(problem)
    if not problems:
        print(f"Settings, database, indexes{', keys and customers' if deep else ' and keys'} are as they should be.")
    return 1 if problems else 0


async def _find_database_problems(client: Client) -> list[str]:
    problems = []
    missing = await missing_indexes(client)
    if missing:
        problems.append(f"Indexes are missing, `partnerhub serve` makes them at its start: {', '.join(missing)}.")
    version_problem = await find_version_problem(client)
    if version_problem is not None:
        problems.append(version_problem)
    return problems
