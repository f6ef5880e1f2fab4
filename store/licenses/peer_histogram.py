"""The stored histogram of rates: how many peer group candidates of a product have a rate in each hundredth.

A partner has one *base* document and any number of *deltas*. A transaction that changes counts inserts a delta, so that
two transactions never conflict here. A job folds deltas into the base. The sum of base and deltas always equals a count
of the lines. Candidates under 30 days are included: they join the group by time alone, without a write.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from domain.entitlements.license_lines import LicenseLine
from domain.entitlements.peer_groups import MAX_RATE_STEP, rate_step
from store.database.client import Client, Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.licenses.lines import COLLECTION as LINES
from store.licenses.lines import PEERS_INDEX, match_peer_candidates

COLLECTION = "peer_histogram"
PEER_HISTOGRAM_INDEXES = (IndexModel([("is_base", 1), ("partner_id", 1)], name="base_partner"),)
# The step of a line as MongoDB computes it, with the same arithmetic as `rate_step`.
RATE_STEP: Document = {"$min": [MAX_RATE_STEP, {"$toInt": {"$multiply": ["$peer_rate", 100]}}]}
# The job leaves this many deltas: summing them costs a reader little, folding them rewrites the base.
_MAX_UNFOLDED = 20
_FOLD_BATCH_SIZE = 500
# The number of lines by (product, step).
PeerHistogram = Mapping[tuple[str, int], int]


async def write_histogram_delta(
    scope: Scope, session: Session, changes: Iterable[tuple[Mapping[str, LicenseLine], Mapping[str, LicenseLine]]]
) -> None:
    """Insert the delta of some customers' lines, each given before and after the change; nothing where it is empty."""
    counts: Counter[tuple[str, int]] = Counter()
    for before, after in changes:
        counts.update(_steps_of(after))
        counts.subtract(_steps_of(before))
    changed = {key: count for key, count in counts.items() if count}
    if changed:
        await scope.collection(COLLECTION).insert_many(
            [_build_document(scope, new_id("phd"), changed)], session=session
        )


def _steps_of(lines: Mapping[str, LicenseLine]) -> list[tuple[str, int]]:
    candidates = [line for line in lines.values() if line["peer_rate"] is not None]
    return [(line["product"], rate_step(line["peer_rate"])) for line in candidates]


async def read_histogram(scope: Scope) -> PeerHistogram:
    """Return the counts at one moment.

    One aggregation can see documents of different moments. It reads the base, the deltas, and the base again: where the
    base's version is the same, nothing was folded in between. Otherwise read again.
    """
    base, deltas = [{"$match": _match_base(scope)}], [{"$match": _match_deltas(scope)}]
    stages = [*base, *({"$unionWith": {"coll": COLLECTION, "pipeline": part}} for part in (deltas, base))]
    while True:
        documents = await scope.collection(COLLECTION).aggregate(stages)
        bases = [document for document in documents if document["is_base"]]
        # A single base was created between the two reads.
        if len(bases) != 1 and len({base_document["version"] for base_document in bases}) <= 1:
            return _sum_counts([*bases[:1], *(document for document in documents if not document["is_base"])])


def _match_base(scope: Scope) -> Document:
    return {**scope.match(), "is_base": True}


def _match_deltas(scope: Scope) -> Document:
    return {**scope.match(), "is_base": False}


async def fold_histograms(client: Client) -> int:
    """Fold the deltas of every partner that has more than _MAX_UNFOLDED; return the number of these partners."""
    partners = await client.collection(COLLECTION).aggregate(
        [
            {"$match": {"is_base": False}},
            {"$group": {"_id": "$partner_id", "deltas": {"$sum": 1}}},
            {"$match": {"deltas": {"$gt": _MAX_UNFOLDED}}},
        ]
    )
    for partner in partners:
        await fold_histogram(Scope(client, partner["_id"], utc_now()))
    return len(partners)


async def fold_histogram(scope: Scope) -> None:
    """Fold up to _FOLD_BATCH_SIZE deltas into the base, the oldest first, in one transaction."""

    async def body(session: Session) -> None:
        base = await _read_documents(scope, session, _match_base(scope))
        deltas = await _read_documents(scope, session, _match_deltas(scope), _FOLD_BATCH_SIZE)
        await _replace_base(scope, session, base, deltas, _sum_counts([*base, *deltas]))

    await in_transaction(scope.client, body)


async def rebuild_histogram(scope: Scope) -> bool:
    """Recount the lines and correct the histogram, in one transaction; return whether it was correct before."""

    async def body(session: Session) -> bool:
        base = await _read_documents(scope, session, _match_base(scope))
        deltas = await _read_documents(scope, session, _match_deltas(scope))
        counted = await count_histogram(scope, match_peer_candidates(), PEERS_INDEX, session)
        was_correct = _sum_counts([*base, *deltas]) == counted
        if not was_correct:
            await _replace_base(scope, session, base, deltas, counted)
        return was_correct

    return await in_transaction(scope.client, body)


async def is_histogram_correct(scope: Scope) -> bool:
    """Return whether the histogram equals a count of the lines, both in one snapshot."""

    async def body(session: Session) -> bool:
        base = await _read_documents(scope, session, _match_base(scope))
        deltas = await _read_documents(scope, session, _match_deltas(scope))
        return _sum_counts([*base, *deltas]) == await count_histogram(
            scope, match_peer_candidates(), PEERS_INDEX, session
        )

    return await in_transaction(scope.client, body)


async def _read_documents(scope: Scope, session: Session, where: Document, limit: int = 0) -> list[Document]:
    """Return the documents, the oldest first: two concurrent folds then conflict on the same ones."""
    return await scope.collection(COLLECTION).find(where, sort=[("_id", 1)], limit=limit, session=session)


async def count_histogram(scope: Scope, where: Document, index: str, session: Session = None) -> PeerHistogram:
    """Return the counts of the matching lines, read from the index alone."""
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where}},
        {"$group": {"_id": {"product": "$product", "step": RATE_STEP}, "lines": {"$sum": 1}}},
    ]
    groups = await scope.collection(LINES).aggregate(pipeline, hint=index, session=session)
    return {(group["_id"]["product"], group["_id"]["step"]): group["lines"] for group in groups}


def _sum_counts(documents: Iterable[Document]) -> PeerHistogram:
    counts: Counter[tuple[str, int]] = Counter()
    for document in documents:
        for name, count in document["counts"].items():
            product, _, step = name.partition(":")
            counts[product, int(step)] += count
    return {key: count for key, count in counts.items() if count}


async def _replace_base(
    scope: Scope, session: Session, base: Sequence[Document], folded: Sequence[Document], counts: PeerHistogram
) -> None:
    collection = scope.collection(COLLECTION)
    ids = [document["_id"] for document in (*base, *folded)]
    await collection.delete_many({**scope.match(), "_id": {"$in": ids}}, session=session)
    version = base[0]["version"] + 1 if base else 1
    new_base = _build_document(scope, f"{scope.partner_id}:base", counts)
    await collection.insert_many([{**new_base, "is_base": True, "version": version}], session=session)


def _build_document(scope: Scope, id_: str, counts: PeerHistogram) -> Document:
    now = utc_now()
    stamps = {**scope.match(), "version": 1, "created_at": now, "updated_at": now}
    counts_by_name = {f"{product}:{step}": count for (product, step), count in counts.items()}
    return {"_id": id_, **stamps, "is_base": False, "counts": counts_by_name}
