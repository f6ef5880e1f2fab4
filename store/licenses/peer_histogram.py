"""How many lines of each product's peer group have which rate, by hundredths: kept, so that nobody counts all lines.

Each transaction that changes a count leaves a document of its own, so that no two of them ever meet, and a job folds
these into the partner's base, now and then. The sum of all is always what the lines say, whoever reads it and when.
Lines that are too young for their group are counted with it: only time tells them apart.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from domain.entitlements.license_lines import Line
from domain.entitlements.peer_groups import HIGHEST_STEP, rate_step
from store.database.client import Client, Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.licenses.lines import COLLECTION as LINES
from store.licenses.lines import PEERS_INDEX, large

COLLECTION = "peer_tallies"
PEER_TALLY_INDEXES = (IndexModel([("is_base", 1), ("partner_id", 1)], name="base_partner"),)
# The step of a line as MongoDB computes it, with the same arithmetic as `rate_step`.
STEP: Document = {"$min": [HIGHEST_STEP, {"$toInt": {"$multiply": ["$peer_rate", 100]}}]}
# So many documents are left to be summed up by whoever reads.
_LEFT = 20
_FOLDED_AT_ONCE = 500
# By product and step.
Tally = Mapping[tuple[str, int], int]


async def write_tally(
    scope: Scope, session: Session, changes: Iterable[tuple[Mapping[str, Line], Mapping[str, Line]]]
) -> None:
    """Notes what the lines of some customers, before and after, change in the counts."""
    counts: Counter[tuple[str, int]] = Counter()
    for before, after in changes:
        counts.update(_steps(after))
        counts.subtract(_steps(before))
    changed = {key: count for key, count in counts.items() if count}
    if changed:
        await scope.collection(COLLECTION).insert_many([_document(scope, new_id("pta"), changed)], session=session)


def _steps(lines: Mapping[str, Line]) -> list[tuple[str, int]]:
    large_ones = [line for line in lines.values() if line["peer_rate"] is not None]
    return [(line["product"], rate_step(line["peer_rate"])) for line in large_ones]


async def read_tally(scope: Scope) -> Tally:
    """The counts as they are at one moment.

    A read that takes long sees documents of different moments. The base is read before what is not folded yet, and
    once more behind it: where it is the same, nothing was folded in between.
    """
    base, rest = [{"$match": _base(scope)}], [{"$match": _rest(scope)}]
    stages = [*base, *({"$unionWith": {"coll": COLLECTION, "pipeline": part}} for part in (rest, base))]
    while True:
        found = await scope.collection(COLLECTION).aggregate(stages)
        bases = [one for one in found if one["is_base"]]
        if len(bases) != 1 and len({one["version"] for one in bases}) <= 1:
            return _summed([*bases[:1], *(one for one in found if not one["is_base"])])


def _base(scope: Scope) -> Document:
    return {**scope.match(), "is_base": True}


def _rest(scope: Scope) -> Document:
    return {**scope.match(), "is_base": False}


async def fold_tallies(client: Client) -> int:
    """Folds what transactions left, for every partner where that is much; answers for how many it did."""
    waiting = await client.collection(COLLECTION).aggregate(
        [
            {"$match": {"is_base": False}},
            {"$group": {"_id": "$partner_id", "left": {"$sum": 1}}},
            {"$match": {"left": {"$gt": _LEFT}}},
        ]
    )
    for one in waiting:
        await fold(Scope(client, one["_id"], utc_now()))
    return len(waiting)


async def fold(scope: Scope) -> None:
    """Folds what is not folded yet into the base, in one transaction."""

    async def body(session: Session) -> None:
        base = await _found(scope, session, _base(scope))
        rest = await _found(scope, session, _rest(scope), _FOLDED_AT_ONCE)
        await _put_base(scope, session, base, rest, _summed([*base, *rest]))

    await in_transaction(scope.client, body)


async def recount(scope: Scope) -> bool:
    """Makes the counts what the lines say, in one transaction; answers whether they were."""

    async def body(session: Session) -> bool:
        base, rest = await _found(scope, session, _base(scope)), await _found(scope, session, _rest(scope))
        counted = await tally_of_lines(scope, large(), PEERS_INDEX, session)
        was_right = _summed([*base, *rest]) == counted
        if not was_right:
            await _put_base(scope, session, base, rest, counted)
        return was_right

    return await in_transaction(scope.client, body)


async def is_tally_right(scope: Scope) -> bool:
    """Whether the counts are what the lines say, both as they stand at one moment."""

    async def body(session: Session) -> bool:
        found = [one for where in (_base(scope), _rest(scope)) for one in await _found(scope, session, where)]
        return _summed(found) == await tally_of_lines(scope, large(), PEERS_INDEX, session)

    return await in_transaction(scope.client, body)


async def _found(scope: Scope, session: Session, where: Document, limit: int = 0) -> list[Document]:
    """The oldest first, so that two who fold meet."""
    return await scope.collection(COLLECTION).find(where, sort=[("_id", 1)], limit=limit, session=session)


async def tally_of_lines(scope: Scope, where: Document, index: str, session: Session = None) -> Tally:
    """The counts of the lines that match, read from an index and from no document."""
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where}},
        {"$group": {"_id": {"product": "$product", "step": STEP}, "lines": {"$sum": 1}}},
    ]
    found = await scope.collection(LINES).aggregate(pipeline, hint=index, session=session)
    return {(one["_id"]["product"], one["_id"]["step"]): one["lines"] for one in found}


def _summed(documents: Iterable[Document]) -> Tally:
    counts: Counter[tuple[str, int]] = Counter()
    for document in documents:
        for name, count in document["counts"].items():
            product, _, step = name.partition(":")
            counts[product, int(step)] += count
    return {key: count for key, count in counts.items() if count}


async def _put_base(
    scope: Scope, session: Session, base: Sequence[Document], folded: Sequence[Document], counts: Tally
) -> None:
    tallies = scope.collection(COLLECTION)
    ids = [one["_id"] for one in (*base, *folded)]
    await tallies.delete_many({**scope.match(), "_id": {"$in": ids}}, session=session)
    version = base[0]["version"] + 1 if base else 1
    document = _document(scope, f"{scope.partner_id}:base", counts)
    await tallies.insert_many([{**document, "is_base": True, "version": version}], session=session)


def _document(scope: Scope, id_: str, counts: Tally) -> Document:
    now = utc_now()
    stamps = {**scope.match(), "version": 1, "created_at": now, "updated_at": now}
    named = {f"{product}:{step}": count for (product, step), count in counts.items()}
    return {"_id": id_, **stamps, "is_base": False, "counts": named}
