"""The commands of the command line, without their arguments and help."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from domain.failures import OperatorError
from domain.partner.ids import is_partner_id
from domain.types import Product
from jobs.loop import JOBS
from server.app.database import database_uri, open_prepared_client
from server.app.settings import Settings
from server.gc_tuning import tune_gc
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants import partner_creation
from store.tenants.partners import Partners


@asynccontextmanager
async def open_client(settings: Settings, data: Path | None) -> AsyncIterator[Client]:
    """Open a client on the database of the command; create what is missing there."""
    with database_uri(settings, data) as uri:
        async with open_prepared_client(settings, uri) as client:
            yield client


async def load_partner_scope(client: Client, partner_id: str) -> Scope:
    """Return the scope of the system on a partner; OperatorError if there is no such partner."""
    scope = Scope(client, partner_id, utc_now())
    if not is_partner_id(partner_id) or await Partners(scope).get() is None:
        raise OperatorError(f"There is no partner {partner_id}. Make it with: partnerhub partner create --id …")
    return scope


async def create_partner(
    settings: Settings, data: Path | None, partner_id: str, name: str, admin: str, plan: Path | None
) -> None:
    """Create a tenant with its first FULL_ADMINISTRATOR; OperatorError for bad input."""
    if not is_partner_id(partner_id):
        raise OperatorError(f"--id {partner_id!r} must be 1 to 40 characters of a–z, 0–9 and the hyphen.")
    if not name.strip():
        raise OperatorError("--name must not be blank.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", admin):
        raise OperatorError(f"--admin {admin!r} is not an e-mail address.")
    async with open_client(settings, data) as client:
        scope = Scope(client, partner_id, utc_now())
        await partner_creation.create_partner(scope, name.strip(), admin, _read_plan(plan))
    print(f"Made the partner {partner_id} with {admin} as its FULL_ADMINISTRATOR.")


def _read_plan(file: Path | None) -> Sequence[Mapping[str, Any]]:
    if file is None:
        return []
    try:
        items = orjson.loads(file.read_bytes())
        return [
            {"product": str(Product(item["product"])), "licenses": _read_license_count(item["licenses"])}
            for item in items
        ]
    except OSError as problem:
        raise OperatorError(f"--plan {file} cannot be read: {problem.strerror}.") from None
    except (ValueError, TypeError, KeyError):
        products = ", ".join(Product)
        form = '[{"product": "CALLING", "licenses": 100}]'
        raise OperatorError(f"--plan {file} must be JSON of the form {form}; products are {products}.") from None


def _read_license_count(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError("licenses is a whole number")
    return number


async def import_files(
    settings: Settings, data: Path | None, partner_id: str, targets: Sequence[str], refused: Path | None
) -> int:
    """Load files; return the exit status."""
    from server.cli.import_command import run_import

    async with open_client(settings, data) as client:
        await load_partner_scope(client, partner_id)
        tune_gc()
        return await run_import(client, partner_id, targets, refused)


def write_sample(directory: Path, customers: int, seed: int, day: date) -> None:
    """Write the files of the sample and print their paths."""
    from sample import writer

    for path in writer.write_sample(directory, customers, seed, day):
        print(path)


async def run_job(settings: Settings, data: Path | None, name: str) -> None:
    """Run one job until nothing is left to do."""
    jobs = {job.name: job for job in JOBS}
    if name not in jobs:
        raise OperatorError(f"There is no job {name}. Jobs are: {', '.join(jobs)}.")
    total, run = 0, jobs[name].run_now or jobs[name].run
    async with open_client(settings, data) as client:
        while done := await run(client):
            total += done
    print(f"{name}: {total} done")


async def check(settings: Settings, data: Path | None, *, deep: bool = False, repair: bool = False) -> int:
    """Print the problems and advice; return 0 if there are no problems, otherwise 1."""
    from server.cli.check_command import run_check

    return await run_check(settings, data, deep=deep, repair=repair)
