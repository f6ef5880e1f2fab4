"""Weekly sums of calls by customer: sums and counts alone, made by `store/calling/roll_up.py` from raw calls.

The sums of a partner's week are replaced as a whole: each roll-up writes documents of its own, and `call_weeks` says
in `roll_up_id` whose count. So nobody ever reads half of a roll-up, whenever it was killed, and a customer whose
last call went away is simply not among the next. Whoever reads asks for a week and its roll-up.
"""

from domain.calling.calls import CallQuality, EndpointType
from domain.calling.figures import endpoint_quality_key
from store.database.client import Document, IndexModel

COLLECTION = "call_customer_weeks"
QUEUES_INDEX = "queues"
_INDEX_KEY = [("partner_id", 1), ("week", 1), ("roll_up_id", 1), ("customer_id", 1)]
CALL_SUM_INDEXES = (
    IndexModel(_INDEX_KEY, name="roll_up"),
    # Few customers have call queues, and the blocks about them look back over eight weeks.
    IndexModel([*_INDEX_KEY, ("offered", 1)], name=QUEUES_INDEX, partialFilterExpression={"offered": {"$gt": 0}}),
)
USER_LEVELS = ("low", "medium", "high")
MEASUREMENTS = ("loss", "jitter", "latency")
CALL_FIELDS = ("calls", "seconds", "good", "poor", "not_available")
MEASUREMENT_FIELDS = tuple(f"{name}_{what}" for name in MEASUREMENTS for what in ("sum", "count"))
QUEUE_FIELDS = (
    *("offered", "answered", "abandoned"),
    *("answer_seconds", "answer_count", "abandon_seconds", "abandon_count"),
)
SUMMED_FIELDS = (*CALL_FIELDS, *USER_LEVELS, *QUEUE_FIELDS)
ENDPOINT_CELLS = tuple(endpoint_quality_key(endpoint, quality) for endpoint in EndpointType for quality in CallQuality)


def sum_fields(*names: str) -> Document:
    """Accumulators that add up the fields of these names; what a document lacks is nothing."""
    return {name: {"$sum": f"${name}"} for name in names}


def sum_embedded_fields(field: str, names: tuple[str, ...]) -> Document:
    """The same for the fields of an embedded document, each by its own name."""
    return {name: {"$sum": f"${field}.{name}"} for name in names}
