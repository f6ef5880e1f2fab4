"""Which events are changes of the tag feed."""

import pytest

from domain.types import ActivityKind
from resolvers.feeds import FeedViewer
from resolvers.tag_feeds import TAG_CHANGED, TagChange, select_tag_change
from tests.resolvers.factory_feeds import RESTRICTED, UNRESTRICTED, event

TAG_KINDS = {ActivityKind.TAG_CREATED, ActivityKind.TAG_CHANGED, ActivityKind.TAG_DELETED}


@pytest.mark.parametrize("viewer", [UNRESTRICTED, RESTRICTED])
@pytest.mark.parametrize("kind", list(ActivityKind))
def test_selects_the_events_about_tags_for_every_viewer(kind: ActivityKind, viewer: FeedViewer) -> None:
    tag_event = event(kind=str(kind), subject_id="tag_1", customer_id=None)
    expected = TagChange(tag_event.position, None, None, "tag_1") if kind in TAG_KINDS else None
    assert select_tag_change(tag_event, None, viewer) == expected


def test_has_no_condition() -> None:
    assert TAG_CHANGED.parse() is None
    with pytest.raises(TypeError):
        TAG_CHANGED.parse(filter={})
