"""`partnerhub check --deep`: compares stored projections and sums with the facts and snapshots of every customer."""

from collections.abc import AsyncIterator

from store.changes.consistency_check import (
    Problem,
    check_customers,
    delete_orphaned_license_lines,
    find_orphaned_license_lines,
    repair_customers,
)
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.peer_histogram import is_histogram_correct, rebuild_histogram

MAX_REPORTED_PROBLEMS = 100
_REPAIR = "`partnerhub check --deep --repair` writes what is wrong anew from the facts."
_REPAIRED = "What was wrong was written anew; check once more."
_OVERDUE = (
    "Customers are overdue: `partnerhub serve` evaluates them as it runs, `partnerhub jobs run evaluate_due` now."
)


async def find_deep_problems(client: Client, *, repair: bool = False) -> list[str]:
    """Return at most 100 problems and what to do about them; with `repair`, correct them as well."""
    reported: list[str] = []
    wrong = overdue = 0
    async for partner_id, problem in _find_problems(client, repair):
        wrong, overdue = wrong + (not problem.is_overdue), overdue + problem.is_overdue
        if len(reported) < MAX_REPORTED_PROBLEMS:
            reported.append(f"{partner_id}: {problem.subject}: {problem.description}")
    if wrong + overdue > len(reported):
        reported.append(f"And {wrong + overdue - len(reported)} more.")
    if wrong:
        reported.append(_REPAIRED if repair else _REPAIR)
    return [*reported, _OVERDUE] if overdue else reported


async def _find_problems(client: Client, repair: bool) -> AsyncIterator[tuple[str, Problem]]:
    for partner in await client.collection("partners").find({}, {"partner_id": 1}):
        scope = Scope(client, partner["partner_id"], utc_now())
        wrong: set[str] = set()
        async for problem in check_customers(scope):
            if not problem.is_overdue:
                wrong.add(problem.customer_id)
            yield scope.partner_id, problem
        orphans = await find_orphaned_license_lines(scope)
        for customer_id in orphans:
            yield (
                scope.partner_id,
                Problem(customer_id, "unknown", "licence lines name this customer, who does not exist"),
            )
        if not await is_histogram_correct(scope):
            yield scope.partner_id, Problem("", "", "the counts of the peer groups are not those of the licence lines")
        if repair:
            await repair_customers(scope, sorted(wrong))
            await delete_orphaned_license_lines(scope, orphans)
            await rebuild_histogram(scope)
