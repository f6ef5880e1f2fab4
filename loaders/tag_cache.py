"""The tags that a process keeps between operations, until an event about a tag of their partner."""

from collections.abc import Sequence

from domain.types import ActivityKind
from store.database.scope import Scope
from store.feed.events import FeedEvent
from store.feed.observed_feed import ObservedFeed
from store.tags.documents import TagDocument, Tags

MAX_BYTES = 8 * 1024 * 1024
# What a tag takes besides its name and description, which occur in up to three forms of up to four bytes a character.
_TAG_BYTES, _CHARACTER_BYTES = 3_000, 12
_TAG_EVENTS = frozenset({ActivityKind.TAG_CREATED, ActivityKind.TAG_CHANGED, ActivityKind.TAG_DELETED})


class TagCache:
    """The tags of one process, by partner and id. Every viewer of a partner sees all of its tags.

    The rules of FigureCache hold: tags are served while the feed is fresh and has reached the latest change of the
    caller, and of this process, and until an event about a tag of the partner arrives.
    """

    def __init__(self, feed: ObservedFeed) -> None:
        self._feed = feed
        self._tags: dict[str, dict[str, TagDocument]] = {}
        self.bytes = 0
        # Events about tags of each partner. Tags are kept only if no event arrived while they were read.
        self._change_counts: dict[str, int] = {}
        self._gaps = 0
        feed.listeners.append(self._on_event)
        feed.gap_listeners.append(self._on_gap)

    def is_servable(self, scope: Scope, after_operation_time: int) -> bool:
        """Return whether a caller whose latest change has this operation time may get kept tags."""
        time = max(after_operation_time, scope.client.last_commit)
        return self._feed.is_fresh and self._feed.position.time >= time

    async def load(self, scope: Scope, ids: Sequence[str]) -> list[TagDocument | None]:
        """Return the tags in the order of the ids, None for one that does not exist; those not kept take one query."""
        tags = self._tags.get(scope.partner_id, {})
        missing = [id_ for id_ in ids if id_ not in tags]
        if missing:
            tags = {**tags, **await self._read(scope, missing)}
        return [tags.get(id_) for id_ in ids]

    async def _read(self, scope: Scope, ids: Sequence[str]) -> dict[str, TagDocument]:
        changes = self._changes(scope.partner_id)
        read = await Tags(scope).by_ids(ids)
        if self._feed.is_fresh and self._changes(scope.partner_id) == changes:
            self._keep(scope.partner_id, read)
        return read

    def _keep(self, partner_id: str, read: dict[str, TagDocument]) -> None:
        size = sum(map(_tag_bytes, read.values()))
        if self.bytes + size > MAX_BYTES:
            self._clear()
        if size <= MAX_BYTES:
            kept = self._tags.setdefault(partner_id, {})
            self.bytes += sum(_tag_bytes(tag) for id_, tag in read.items() if id_ not in kept)
            kept.update(read)

    def _changes(self, partner_id: str) -> tuple[int, int]:
        return self._gaps, self._change_counts.get(partner_id, 0)

    def _clear(self) -> None:
        self._tags.clear()
        self.bytes = 0

    def _on_gap(self) -> None:
        self._gaps += 1
        self._clear()

    def _on_event(self, event: FeedEvent) -> None:
        if event.document["kind"] in _TAG_EVENTS:
            self._change_counts[event.partner_id] = self._change_counts.get(event.partner_id, 0) + 1
            self.bytes -= sum(map(_tag_bytes, self._tags.pop(event.partner_id, {}).values()))


def _tag_bytes(tag: TagDocument) -> int:
    return _TAG_BYTES + _CHARACTER_BYTES * (len(tag.name) + len(tag.description or ""))
