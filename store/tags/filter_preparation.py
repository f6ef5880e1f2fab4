"""What a parsed filter needs of the database before it is planned: which tags exist, and thresholds of peer groups."""

from domain.customers.conditions import AllOf
from store.database.scope import Scope
from store.licenses.thresholds import with_thresholds
from store.tags.deleted_tags import without_deleted_tags


async def prepare_filter(scope: Scope, condition: AllOf) -> AllOf:
    """Return the condition without deleted tags and with thresholds; most filters need no query."""
    return await with_thresholds(scope, await without_deleted_tags(scope, condition))
