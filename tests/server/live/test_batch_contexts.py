"""Which viewers and events share a context."""

import time

import pytest
from msgspec.structs import replace

from domain.languages.languages import Language
from resolvers.context import Viewer
from server.live.batch_contexts import MAX_CONTEXT_AGE_SECONDS, BatchContexts, visibility_key
from server.live.feed_execution import BatchContext
from tests.server.live.factory_groups import FakeAppState, make_viewer

FULL, ASSIGNED = make_viewer(), make_viewer("ADMINISTRATOR")


def get(contexts: BatchContexts, viewer: Viewer, depends_on_viewer: bool) -> BatchContext:
    return contexts.get(viewer, visibility_key(viewer, depends_on_viewer))


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        (FULL, make_viewer(id_="adm_2"), True),
        (FULL, make_viewer("READ_ONLY_ADMINISTRATOR"), False),
        (FULL, make_viewer(partner_id="other"), False),
        (FULL, replace(FULL, language=Language.SERBIAN), False),
        (ASSIGNED, make_viewer("ADMINISTRATOR"), True),
        (ASSIGNED, make_viewer("ADMINISTRATOR", "adm_2"), False),
    ],
)
def test_viewers_of_equal_visibility_and_language_share_a_context(one: Viewer, other: Viewer, is_shared: bool) -> None:
    contexts = BatchContexts(FakeAppState())
    assert (get(contexts, one, False) is get(contexts, other, False)) is is_shared


def test_viewers_share_no_context_of_fields_that_depend_on_the_viewer() -> None:
    contexts = BatchContexts(FakeAppState())
    mine = get(contexts, FULL, True)
    assert get(contexts, FULL, True) is mine
    assert mine not in (get(contexts, FULL, False), get(contexts, make_viewer(id_="adm_2"), True))


def test_a_new_event_ends_a_context() -> None:
    app_state = FakeAppState()
    contexts = BatchContexts(app_state)
    before = get(contexts, FULL, False)
    app_state.feed.insert(1)
    after = get(contexts, FULL, False)
    assert after is not before
    assert get(contexts, FULL, False) is after


def test_a_context_ends_by_its_age() -> None:
    contexts = BatchContexts(FakeAppState())
    before = get(contexts, FULL, False)
    time.sleep(MAX_CONTEXT_AGE_SECONDS * 1.2)
    assert get(contexts, FULL, False) is not before
