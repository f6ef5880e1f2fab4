"""The tags that a process keeps between operations, until an event about a tag of their partner."""

from collections.abc import Sequence

from domain.types import ActivityKind
from loaders.partner_cache import PartnerCache
from store.database.scope import Scope
from store.feed.events import FeedEvent
from store.feed.observed_feed import ObservedFeed
from store.tags.documents import TagDocument, Tags

MAX_BYTES = 8 * 1024 * 1024
# What a tag takes besides its name and description, which occur in up to three forms of up to four bytes a character.
_TAG_BYTES, _CHARACTER_BYTES = 3_000, 12
_TAG_EVENTS = frozenset({ActivityKind.TAG_CREATED, ActivityKind.TAG_CHANGED, ActivityKind.TAG_DELETED})


class TagCache(PartnerCache[str, TagDocument]):
    """The tags of one process, by partner and id. Every viewer of a partner sees all of its tags."""

    def __init__(self, feed: ObservedFeed) -> None:
        super().__init__(feed, _affects_tags, MAX_BYTES)

    def is_servable(self, scope: Scope, after_operation_time: int) -> bool:
        """Return whether a caller whose latest change has this operation time may get kept tags."""
        return self.has_reached(max(after_operation_time, scope.client.last_commit))

    async def load(self, scope: Scope, ids: Sequence[str]) -> list[TagDocument | None]:
        """Return the tags in the order of the ids, None for one that does not exist; those not kept take one query."""
        tags = self.kept(scope.partner_id)
        missing = [id_ for id_ in ids if id_ not in tags]
        if missing:
            tags = {**tags, **await self._read(scope, missing)}
        return [tags.get(id_) for id_ in ids]

    async def _read(self, scope: Scope, ids: Sequence[str]) -> dict[str, TagDocument]:
        change_count = self.change_count(scope.partner_id)
        read = await Tags(scope).by_ids(ids)
        if self.is_unchanged(scope.partner_id, change_count):
            self.keep(scope.partner_id, read, sum(map(_tag_bytes, read.values())))
        return read


def _affects_tags(event: FeedEvent) -> bool:
    return event.document["kind"] in _TAG_EVENTS


def _tag_bytes(tag: TagDocument) -> int:
    return _TAG_BYTES + _CHARACTER_BYTES * (len(tag.name) + len(tag.description or ""))
