"""All collections with their indexes and the validator, created where they are missing."""

from collections.abc import Mapping, Sequence

from store.access import assignment_cleanup
from store.calling import calls
from store.calling import sums as call_sums
from store.calling import weeks as call_weeks
from store.changes import idempotency
from store.changes.bulk_jobs import BULK_JOB_INDEXES
from store.changes.due import DUE_INDEXES
from store.changes.external_ids import RELEASED_ID_INDEXES, RELEASED_IDS
from store.customers import customers
from store.database import leases
from store.database.client import Client, Document, IndexModel, OperationFailure
from store.database.one_time_requests import ONE_TIME_INDEXES
from store.entitlements import documents as entitlements
from store.entitlements import invoices, orders
from store.events import log as events
from store.integrations import alerts, exports, mail_outbox, webhooks
from store.licenses import lines as license_lines
from store.licenses import peer_histogram
from store.licenses import snapshots as license_snapshots
from store.licenses import trend as license_trend
from store.licenses import weeks as license_weeks
from store.organization import helpdesk, launches, resources, views
from store.tags import bulk_jobs
from store.tags import cleanup as tag_cleanup
from store.tags import documents as tags
from store.tenants import administrators, partners, rate_budgets, service_tokens

_NAMESPACE_EXISTS = 48
_REQUIRED = ["partner_id", "version", "created_at", "updated_at"]
_VALIDATOR: Document = {
    "$jsonSchema": {
        "bsonType": "object",
        "required": _REQUIRED,
        "properties": {
            "partner_id": {"bsonType": "string"},
            "version": {"bsonType": ["int", "long"]},
            "created_at": {"bsonType": "date"},
            "updated_at": {"bsonType": "date"},
        },
    }
}
COLLECTIONS: Mapping[str, Sequence[IndexModel]] = {
    "partners": partners.PARTNER_INDEXES,
    "administrators": administrators.ADMINISTRATOR_INDEXES,
    "customers": (*customers.CUSTOMER_INDEXES, *DUE_INDEXES),
    RELEASED_IDS: RELEASED_ID_INDEXES,
    "entitlements": entitlements.ENTITLEMENT_INDEXES,
    "orders": orders.ORDER_INDEXES,
    "invoices": invoices.INVOICE_INDEXES,
    "license_lines": license_lines.LICENSE_LINE_INDEXES,
    peer_histogram.COLLECTION: peer_histogram.PEER_HISTOGRAM_INDEXES,
    license_snapshots.COLLECTION: license_snapshots.LICENSE_SNAPSHOT_INDEXES,
    license_weeks.CUSTOMER_WEEKS: license_weeks.LICENSE_CUSTOMER_WEEK_INDEXES,
    license_trend.PARTNER_WEEKS: license_trend.LICENSE_WEEK_INDEXES,
    "events": events.EVENT_INDEXES,
    "assignment_cleanups": assignment_cleanup.ASSIGNMENT_CLEANUP_INDEXES,
    "tags": tags.TAG_INDEXES,
    "tag_cleanups": tag_cleanup.TAG_CLEANUP_INDEXES,
    "bulk_jobs": BULK_JOB_INDEXES,
    "bulk_batches": bulk_jobs.BULK_BATCH_INDEXES,
    "mutation_results": idempotency.MUTATION_RESULT_INDEXES,
    "customer_views": views.VIEW_INDEXES,
    rate_budgets.COLLECTION: rate_budgets.RATE_BUDGET_INDEXES,
    "resources": resources.RESOURCE_INDEXES,
    "helpdesk_requests": helpdesk.HELPDESK_INDEXES,
    launches.COLLECTION: ONE_TIME_INDEXES,
    exports.COLLECTION: ONE_TIME_INDEXES,
    webhooks.COLLECTION: webhooks.WEBHOOK_INDEXES,
    webhooks.DELIVERIES: webhooks.DELIVERY_INDEXES,
    alerts.RULES: alerts.RULE_INDEXES,
    alerts.COLLECTION: alerts.ALERT_INDEXES,
    alerts.PROGRESS: alerts.PROGRESS_INDEXES,
    mail_outbox.COLLECTION: mail_outbox.MAIL_INDEXES,
    "calls": calls.CALL_INDEXES,
    "queue_calls": calls.CALL_INDEXES,
    "call_weeks": call_weeks.CALL_WEEK_INDEXES,
    call_sums.COLLECTION: call_sums.CALL_SUM_INDEXES,
    service_tokens.COLLECTION: service_tokens.SERVICE_TOKEN_INDEXES,
}


async def ensure_indexes(client: Client) -> None:
    """Create every collection, validator and index that is missing; without effect on a database that has them.

    It takes no exclusive lock where nothing is missing: such a lock waits for each open transaction, also for those of
    killed processes, which MongoDB keeps for a minute, and every later write of the collection waits for the lock.
    """
    validators = await _read_validators(client)
    for name, indexes in COLLECTIONS.items():
        if name not in validators:
            await _create_collection(client, {"create": name, "validator": _VALIDATOR})
        elif validators[name] != _VALIDATOR:
            await client.command({"collMod": name, "validator": _VALIDATOR})
        await client.collection(name).create_indexes(indexes)
    if leases.COLLECTION not in validators:
        await _create_collection(client, {"create": leases.COLLECTION})


async def _read_validators(client: Client) -> Mapping[str, Document | None]:
    """Return the validator of each existing collection; None for a collection without one."""
    reply = await client.command({"listCollections": 1, "cursor": {"batchSize": 1000}})
    return {found["name"]: found["options"].get("validator") for found in reply["cursor"]["firstBatch"]}


async def _create_collection(client: Client, command: Document) -> None:
    try:
        await client.command(command)
    except OperationFailure as error:
        # Another process of the same version created it at this moment.
        if error.code != _NAMESPACE_EXISTS:
            raise


async def missing_indexes(client: Client) -> list[str]:
    """Return the indexes that `ensure_indexes` would create, as collection.index."""
    missing = []
    for name, indexes in COLLECTIONS.items():
        existing = await client.collection(name).index_names()
        missing += [f"{name}.{index.document['name']}" for index in indexes if index.document["name"] not in existing]
    return missing
