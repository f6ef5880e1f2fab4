"""How many lines of each product's peer group have which rate, by hundredths: kept, so that nobody counts all lines.

Each transaction that changes a count leaves a document of its own, so that no two of them ever meet, and a job folds
these into the partner's base, now and then. The sum of all is always what the lines say, whoever reads it and when.
Lines that are too young for their group are counted with it: only time tells them apart.
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
# So many documents are left to be summed up by whoever reads.
_MAX_UNFOLDED = 20
_FOLD_BATCH_SIZE = 500
# By product and step.
PeerHistogram = Mapping[tuple[str, int], int]


async def write_histogram_delta(
    scope: Scope, session: Session, changes: Iterable[tuple[Mapping[str, LicenseLine], Mapping[str, LicenseLine]]]
) -> None:
    """Notes what the lines of some customers, before and after, change in the counts."""
    counts: Counter[tuple[str, int]] = Counter()
    for before, after in changes:
        counts.update(_steps(after))
        counts.subtract(_steps(before))
    changed = {key: count for key, count in counts.items() if count}
    if changed:
        await scope.collection(COLLECTION).insert_many(
            [_build_document(scope, new_id("phd"), changed)], session=session
        )


def _steps(lines: Mapping[str, LicenseLine]) -> list[tuple[str, int]]:
    large_ones = [line for line in lines.values() if line["peer_rate"] is not None]
    return [(line["product"], rate_step(line["peer_rate"])) for line in large_ones]


async def read_histogram(scope: Scope) -> PeerHistogram:
    """The counts as they are at one moment.

    A read that takes long sees documents of different moments. The base is read before what is not folded yet, and
    once more behind it: where it is the same, nothing was folded in between.
    """
    base, rest = [{"$match": _match_base(scope)}], [{"$match": _match_unfolded(scope)}]
    stages = [*base, *({"$unionWith": {"coll": COLLECTION, "pipeline": part}} for part in (rest, base))]
    while True:
        found = await scope.collection(COLLECTION).aggregate(stages)
        bases = [one for one in found if one["is_base"]]
        if len(bases) != 1 and len({one["version"] for one in bases}) <= 1:
            return _sum_counts([*bases[:1], *(one for one in found if not one["is_base"])])


def _match_base(scope: Scope) -> Document:
    return {**scope.match(), "is_base": True}


def _match_unfolded(scope: Scope) -> Document:
    return {**scope.match(), "is_base": False}


async def fold_histograms(client: Client) -> int:
    """Folds what transactions left, for every partner where that is much; answers for how many it did."""
    waiting = await client.collection(COLLECTION).aggregate(
        [
            {"$match": {"is_base": False}},
            {"$group": {"_id": "$partner_id", "left": {"$sum": 1}}},
            {"$match": {"left": {"$gt": _MAX_UNFOLDED}}},
        ]
    )
    for one in waiting:
        await fold_histogram(Scope(client, one["_id"], utc_now()))
    return len(waiting)


async def fold_histogram(scope: Scope) -> None:
    """Folds what is not folded yet into the base, in one transaction."""

    async def body(session: Session) -> None:
        base = await _read_documents(scope, session, _match_base(scope))
        rest = await _read_documents(scope, session, _match_unfolded(scope), _FOLD_BATCH_SIZE)
        await _replace_base(scope, session, base, rest, _sum_counts([*base, *rest]))

    await in_transaction(scope.client, body)


async def rebuild_histogram(scope: Scope) -> bool:
    """Makes the counts what the lines say, in one transaction; answers whether they were."""

    async def body(session: Session) -> bool:
        base, rest = (
            await _read_documents(scope, session, _match_base(scope)),
            await _read_documents(scope, session, _match_unfolded(scope)),
        )
        counted = await count_histogram(scope, match_peer_candidates(), PEERS_INDEX, session)
        was_right = _sum_counts([*base, *rest]) == counted
        if not was_right:
            await _replace_base(scope, session, base, rest, counted)
        return was_right

    return await in_transaction(scope.client, body)


async def is_histogram_correct(scope: Scope) -> bool:
    """Whether the counts are what the lines say, both as they stand at one moment."""

    async def body(session: Session) -> bool:
        found = [
            one
            for where in (_match_base(scope), _match_unfolded(scope))
            for one in await _read_documents(scope, session, where)
        ]
        return _sum_counts(found) == await count_histogram(scope, match_peer_candidates(), PEERS_INDEX, session)

    return await in_transaction(scope.client, body)


async def _read_documents(scope: Scope, session: Session, where: Document, limit: int = 0) -> list[Document]:
    """The oldest first, so that two who fold meet."""
    return await scope.collection(COLLECTION).find(where, sort=[("_id", 1)], limit=limit, session=session)


async def count_histogram(scope: Scope, where: Document, index: str, session: Session = None) -> PeerHistogram:
    """The counts of the lines that match, read from an index and from no document."""
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where}},
        {"$group": {"_id": {"product": "$product", "step": RATE_STEP}, "lines": {"$sum": 1}}},
    ]
    found = await scope.collection(LINES).aggregate(pipeline, hint=index, session=session)
    return {(one["_id"]["product"], one["_id"]["step"]): one["lines"] for one in found}


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
    ids = [one["_id"] for one in (*base, *folded)]
    await collection.delete_many({**scope.match(), "_id": {"$in": ids}}, session=session)
    version = base[0]["version"] + 1 if base else 1
    document = _build_document(scope, f"{scope.partner_id}:base", counts)
    await collection.insert_many([{**document, "is_base": True, "version": version}], session=session)


def _build_document(scope: Scope, id_: str, counts: PeerHistogram) -> Document:
    now = utc_now()
    stamps = {**scope.match(), "version": 1, "created_at": now, "updated_at": now}
    named = {f"{product}:{step}": count for (product, step), count in counts.items()}
    return {"_id": id_, **stamps, "is_base": False, "counts": named}
