"""The weekly sums of calls by customer: their collection and the names of their fields.

`calls`, `seconds`, `good`, `poor`, `not_available` and `features` count calls; `endpoints` and the measurements count
legs; `low`, `medium` and `high` count persons.

Each roll-up of a week writes its own documents, and `roll_up_id` in `call_weeks` names the current one. Readers match
the week and this id, so that they never see an incomplete roll-up, and a customer without calls any more has no
document in the next one (docs/decisions/0012).
"""

from domain.calling.calls import CallQuality, EndpointType
from domain.calling.figures import USER_LEVELS, endpoint_quality_key
from store.database.client import Document, IndexModel

COLLECTION = "call_customer_weeks"
QUEUES_INDEX = "queues"
_INDEX_KEY = [("partner_id", 1), ("week", 1), ("roll_up_id", 1), ("customer_id", 1)]
CALL_SUM_INDEXES = (
    IndexModel(_INDEX_KEY, name="roll_up"),
    # Partial: few customers have call queues, and the queue figures read eight weeks.
    IndexModel([*_INDEX_KEY, ("offered", 1)], name=QUEUES_INDEX, partialFilterExpression={"offered": {"$gt": 0}}),
)
MEASUREMENTS = ("loss", "jitter", "latency")
CALL_FIELDS = ("calls", "seconds", "good", "poor", "not_available")
MEASUREMENT_FIELDS = tuple(f"{name}_{suffix}" for name in MEASUREMENTS for suffix in ("sum", "count"))
QUEUE_FIELDS = (
    *("offered", "answered", "transferred", "abandoned"),
    *("answer_seconds", "answer_count", "abandon_seconds", "abandon_count"),
)
SUMMED_FIELDS = (*CALL_FIELDS, *USER_LEVELS, *QUEUE_FIELDS)
ENDPOINT_CELLS = tuple(endpoint_quality_key(endpoint, quality) for endpoint in EndpointType for quality in CallQuality)


def sum_fields(*names: str) -> Document:
    """Return `$group` accumulators that sum the fields of these names; a missing field counts as 0."""
    return {name: {"$sum": f"${name}"} for name in names}


def sum_embedded_fields(field: str, names: tuple[str, ...]) -> Document:
    """Return accumulators that sum fields of the embedded document `field`, each under its own name."""
    return {name: {"$sum": f"${field}.{name}"} for name in names}
