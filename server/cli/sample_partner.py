"""`partnerhub run`: loads a sample partner, serves it, and prints tokens and examples to paste."""

import asyncio
import socket
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import orjson
from msgspec import structs

from domain.failures import OperatorError
from domain.partner.setup import AcceptTerms
from domain.partner.terms import DEFAULT_TERMS
from domain.types import PartnerRole
from jobs.roll_up_calls import roll_up_calls_now
from sample.writer import write_sample
from server.app.database import database_uri, open_prepared_client
from server.app.keys import load_keys, with_key_file
from server.app.settings import Settings
from server.cli.import_command import run_import
from server.cli.sample_activity import PERIOD_SECONDS, sample_activity
from server.cli.sample_workspace import make_workspace
from server.cli.token_commands import issue_token
from server.development_issuer.loopback import check_start
from server.gc_tuning import tune_gc
from server.serving import open_listener, serve_listener
from store.changes.mutations import MutationRequest, PartnerChanged, mutate
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.migrations import COLLECTION as SCHEMA_COLLECTION
from store.migrations import SAMPLE_MARKER
from store.organization.organization_changes import accept_terms
from store.tenants.administrators import Administrators
from store.tenants.partner_creation import create_partner
from store.tenants.partners import Partners

PARTNER_ID = "sample"
PARTNER_NAME = "Aurora Communications"
SEED = 1
ADMINISTRATOR_EMAILS = {
    PartnerRole.FULL_ADMINISTRATOR: "full@partner.example",
    PartnerRole.ADMINISTRATOR: "admin@partner.example",
    PartnerRole.READ_ONLY_ADMINISTRATOR: "readonly@partner.example",
    PartnerRole.HELPDESK_ADMINISTRATOR: "helpdesk@partner.example",
}
_LOADED_MARKER = {"_id": SAMPLE_MARKER}
QUERY = """\
query NeedsAttention {
  customers(filter: { status: [LICENSE_OVERAGE, EXPIRING_SOON] }, first: 5) {
    totalCount
    nodes { name statuses statusDetails { status since reason } }
  }
}"""
SUBSCRIPTION = """\
subscription Live {
  customerStatusChanged { at entered left customer { name statusDetails { reason } } }
}"""


def run(settings: Settings, data: Path | None, host: str, port: int, customers: int, *, activity: bool) -> None:
    """Load the sample partner if it is missing, serve, and print what to paste; `activity` changes it meanwhile."""
    folder = data or settings.data
    settings = with_development_sign_in(settings, host)
    listener = _open_any_listener(host, port)
    with listener, database_uri(settings, data) as uri:
        chosen = with_key_file(settings, data)
        values = asyncio.run(_prepare_partner(chosen, uri, folder, customers))
        signs_in = bool(settings.development_sign_in or settings.sign_in_issuer)
        changing = sample_activity(chosen, uri, PARTNER_ID, _example_number(values)) if activity else nullcontext()

        def announce(address: str) -> None:
            print(_banner(address, values, signs_in, is_changing=activity), flush=True)

        with changing:
            serve_listener(listener, chosen, uri, 1, announce)


def with_development_sign_in(settings: Settings, host: str) -> Settings:
    """Let pages of this machine sign in, unless others can reach the server or another issuer is set."""
    chosen = structs.replace(settings, development_sign_in=settings.development_sign_in or PARTNER_ID)
    try:
        check_start(chosen, host, workers=1)
    except OperatorError as problem:
        print(f"{problem} Starting without it.")
        return structs.replace(settings, development_sign_in="")
    return chosen


def _open_any_listener(host: str, port: int) -> socket.socket:
    try:
        return open_listener(host, port)
    except OperatorError as problem:
        print(f"{problem} Taking a free one instead.")
        return open_listener(host, 0)


async def _prepare_partner(settings: Settings, uri: str, folder: Path, customers: int) -> dict[str, str]:
    async with open_prepared_client(settings, uri) as client:
        scope = Scope(client, PARTNER_ID, utc_now())
        if await client.collection(SCHEMA_COLLECTION).find_one(_LOADED_MARKER) is None:
            await load_sample(client, scope, folder / "sample", customers)
        issue = partial(issue_token, load_keys(settings), scope, seconds=settings.token_seconds)
        tokens = {str(role): await issue(email, "api") for role, email in ADMINISTRATOR_EMAILS.items()}
        import_token = await issue(ADMINISTRATOR_EMAILS[PartnerRole.FULL_ADMINISTRATOR], "import")
        return {**tokens, "import": import_token, "line": await _example_record(client, scope)}


async def load_sample(client: Client, scope: Scope, directory: Path, customers: int) -> None:
    """Load the sample; after an interrupted run, load it again, which leaves loaded records unchanged."""
    print(f"Loading a sample partner of {customers:,} customers …", flush=True)
    if await Partners(scope).get() is None:
        plan = [{"product": "MEETINGS", "licenses": 50_000}, {"product": "CALLING", "licenses": 50_000}]
        await create_partner(scope, PARTNER_NAME, ADMINISTRATOR_EMAILS[PartnerRole.FULL_ADMINISTRATOR], plan)
    tune_gc()
    write_sample(directory, customers, SEED, scope.now.date())
    if await run_import(client, PARTNER_ID, [str(directory)], None) != 0:
        raise OperatorError("The sample was not loaded whole; the lines above say what was refused.")
    await _accept_terms(client, scope)
    await make_workspace(client, PARTNER_ID)
    await roll_up_calls_now(client)
    await client.collection(SCHEMA_COLLECTION).update_one(_LOADED_MARKER, {"$setOnInsert": _LOADED_MARKER}, upsert=True)


async def _accept_terms(client: Client, scope: Scope) -> None:
    """Accept the terms as the first administrator: without this, mutations are rejected."""
    full = await Administrators(scope).by_email(ADMINISTRATOR_EMAILS[PartnerRole.FULL_ADMINISTRATOR])
    if full is None:
        raise OperatorError("The sample partner has lost its first administrator: empty the data directory.")
    acting = Scope(client, PARTNER_ID, utc_now(), administrator_id=full.id, role=full.role)
    request = MutationRequest("accept_terms", AcceptTerms(terms_version=DEFAULT_TERMS.version), needs_terms=False)
    await mutate(acting, request, partial(accept_terms, DEFAULT_TERMS), PartnerChanged)


async def _example_record(client: Client, scope: Scope) -> str:
    """Return a license-usage record that makes one customer without problems exceed its licenses."""
    condition = {**scope.match(), "statuses": ["SUBSCRIPTION"], "products": "MEETINGS"}
    customer = await client.collection("customers").find_one(condition, {"_id": 1})
    of_customer = {**scope.match(), "customer_id": customer and customer["_id"], "licenses.product": "MEETINGS"}
    subscription = await client.collection("entitlements").find_one(
        {**of_customer, "kind": "SUBSCRIPTION", "set_up": True}
    )
    if subscription is None:
        return ""
    line = next(line for line in subscription["licenses"] if line["product"] == "MEETINGS")
    day = scope.now.date().isoformat()
    return (
        f'{{"entitlement": "{subscription["number"]}", "product": "MEETINGS", "day": "{day}", '
        f'"assigned": {line["total"] + 5}, "used": {line["used"]}}}'
    )


def _example_number(values: dict[str, str]) -> str:
    """Return the subscription of the example, or an empty text."""
    record: dict[str, str] = orjson.loads(values["line"] or b"{}")
    return record.get("entitlement", "")


def _banner(address: str, values: dict[str, str], signs_in: bool, *, is_changing: bool) -> str:
    tokens = "\n".join(f"{role:<25} {values[role]}" for role in ADMINISTRATOR_EMAILS)
    import_token = values["import"]
    advice = "sign in, and choose an administrator" if signs_in else "paste one of the tokens"
    changes = f"licenses of a customer every {PERIOD_SECONDS:.0f} seconds" if is_changing else "none (--no-activity)"
    return f"""
ready {address}

Dashboard   {address}/  ({advice})
GraphiQL    {address}/graphql  ({advice})
Partner     {PARTNER_NAME} ({PARTNER_ID})
Changes     {changes}

Tokens for programs:

{tokens}

A query to paste:

{QUERY}

A subscription to paste:

{SUBSCRIPTION}

and, in another terminal, an import that triggers it:

echo '{values["line"]}' | curl --data-binary @- -H 'Authorization: Bearer {import_token}' {address}/import/license-usage

Ctrl-C stops everything.
"""
