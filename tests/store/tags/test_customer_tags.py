"""Which customers a tagging changes, and the event that it writes for each."""

from collections.abc import Sequence

import pytest

from domain.types import ActivityKind
from store.tags.customer_tags import Tagging

NAMES = {"tag_a": "Alpha", "tag_b": "Beta"}


@pytest.mark.parametrize(
    ("is_addition", "tags", "expected"),
    [
        (True, [], True),
        (True, ["tag_a"], True),
        (True, ["tag_b", "tag_a"], False),
        (True, ["tag_c"], True),
        (False, [], False),
        (False, ["tag_c"], False),
        (False, ["tag_c", "tag_b"], True),
    ],
)
def test_a_customer_changes_where_a_tag_is_missing_or_present(
    is_addition: bool, tags: Sequence[str], expected: bool
) -> None:
    assert Tagging(NAMES, is_addition).would_change(tags) is expected


@pytest.mark.parametrize(
    ("is_addition", "before", "after", "kind", "summary"),
    [
        (True, [], ["tag_a", "tag_b"], ActivityKind.TAGS_ASSIGNED, "Tags Alpha and Beta were put on Acme"),
        (True, ["tag_a"], ["tag_a", "tag_b"], ActivityKind.TAGS_ASSIGNED, "Tag Beta was put on Acme"),
        (False, ["tag_c", "tag_a"], ["tag_c"], ActivityKind.TAGS_REMOVED, "Tag Alpha was taken off Acme"),
    ],
)
def test_an_event_names_only_the_tags_that_moved(
    is_addition: bool, before: list[str], after: list[str], kind: ActivityKind, summary: str
) -> None:
    draft = Tagging(NAMES, is_addition).draft_event({"_id": "cus_1", "name": "Acme", "tag_ids": before}, after)
    assert (draft.kind, draft.subject_id, draft.summary) == (kind, "cus_1", summary)
    assert draft.changes == {"tags": [before, after]}
