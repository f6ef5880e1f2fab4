"""The branches of payload fields: what a committed, a rejected and a repeated mutation show."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from domain.languages.languages import Language
from domain.messages import translatable
from domain.user_errors import InputPath, UserError, UserErrorCode
from resolvers import administrators, helpdesk, launch, mutations, organization_mutations, tag_mutations, trials, views
from resolvers.mutations import MutationResult, changed_id
from store.access.assignment_changes import AssignmentResult
from store.changes.mutations import ChangedObject, PartnerChanged
from store.entitlements.trial_conversions import ConversionResult
from store.organization.launches import LaunchResult
from store.organization.settings_changes import SettingsChanged
from store.tags.assignment import TaggingResult

AT = datetime(2026, 11, 1, 12)
NO_TAG = translatable("There is no such {what}.", what=translatable("tag"))
MISTAKE = UserError(UserErrorCode.NOT_FOUND, NO_TAG, InputPath(("tags", 0)))
REJECTED: MutationResult[Any] = MutationResult(user_errors=(MISTAKE,))
CHANGED = MutationResult(ChangedObject("obj_1"))


class Reader:
    """A loader whose values are their keys, but for those that are not visible."""

    async def load(self, key: str) -> Any:
        return None if key == "hidden" else JOB if key == "job_1" else f"<{key}>"


JOB = SimpleNamespace(changed=7, skipped=2)


@dataclass
class FakeLoaders:
    """Loaders that find every id, and nothing for no id."""

    partner: Reader = field(default_factory=Reader)
    bulk_jobs: Reader = field(default_factory=Reader)

    def __getattr__(self, name: str) -> Callable[[str | None], Awaitable[str | None]]:
        async def find(id_: str | None) -> str | None:
            return None if id_ is None else f"{name} {id_}"

        return find

    async def find_customers(self, ids: Any) -> list[str]:
        return list(ids)


def fake_context(language: Language = Language.ENGLISH) -> Any:
    installation = SimpleNamespace(launch_url=lambda partner_id, launch_id: f"https://{partner_id}/{launch_id}")
    scope, viewer = SimpleNamespace(partner_id="acme"), SimpleNamespace(partner_id="acme", language=language)
    return SimpleNamespace(loaders=FakeLoaders(), installation=installation, scope=scope, viewer=viewer)


def resolve(resolver: Callable[..., Any], payload: MutationResult[Any]) -> Any:
    value = resolver(fake_context(), payload)
    return asyncio.run(value) if asyncio.iscoroutine(value) else value


CONVERTED = MutationResult(ConversionResult(trial="tri_1", subscription="sub_1"))
ASSIGNED = MutationResult(AssignmentResult("adm_1", ["cus_2", "cus_1"]))
TAGGED = MutationResult(TaggingResult(3, 1, ["cus_1"]))
CONTINUED = MutationResult(TaggingResult(0, 0, [], job="job_1"))
LAUNCHED = MutationResult(LaunchResult("lch_1", AT))


@pytest.mark.parametrize(
    ("resolver", "payload", "shown", "shown_after_rejection"),
    [
        (tag_mutations.changed_tag, CHANGED, "find_tag obj_1", None),
        (tag_mutations.deleted_id, CHANGED, "obj_1", None),
        (tag_mutations.changed_count, TAGGED, 3, 0),
        (tag_mutations.skipped_count, TAGGED, 1, 0),
        (tag_mutations.changed_customers, TAGGED, ["cus_1"], []),
        (tag_mutations.bulk_job, TAGGED, None, None),
        (tag_mutations.changed_count, CONTINUED, 7, 0),
        (tag_mutations.skipped_count, CONTINUED, 2, 0),
        (tag_mutations.bulk_job, CONTINUED, JOB, None),
        (trials.changed_entitlement, CHANGED, "find_entitlement obj_1", None),
        (trials.converted_trial, CONVERTED, "find_entitlement tri_1", None),
        (trials.new_subscription, CONVERTED, "find_entitlement sub_1", None),
        (administrators.changed_administrator, CHANGED, "find_administrator obj_1", None),
        (administrators.assigned_administrator, ASSIGNED, "find_administrator adm_1", None),
        (administrators.assigned_customers, ASSIGNED, ["cus_2", "cus_1"], []),
        (helpdesk.changed_request, CHANGED, "find_helpdesk_request obj_1", None),
        (views.changed_view, CHANGED, "find_view obj_1", None),
        (views.deleted_id, CHANGED, "obj_1", None),
        (organization_mutations.changed_partner, MutationResult(PartnerChanged()), "<acme>", None),
        (organization_mutations.settings_job, MutationResult(SettingsChanged("job_1")), JOB, None),
        (organization_mutations.settings_job, MutationResult(SettingsChanged()), None, None),
        (launch.url, LAUNCHED, "https://acme/lch_1", None),
        (launch.expires_at, LAUNCHED, AT, None),
    ],
)
def test_a_field_shows_the_result_and_is_empty_after_a_rejection(
    resolver: Callable[..., Any], payload: MutationResult[Any], shown: Any, shown_after_rejection: Any
) -> None:
    assert resolve(resolver, payload) == shown
    assert resolve(resolver, REJECTED) == shown_after_rejection


def test_a_job_that_is_not_visible_leaves_the_first_counts() -> None:
    hidden = MutationResult(TaggingResult(4, 5, [], job="hidden"))
    assert resolve(tag_mutations.changed_count, hidden) == 4
    assert resolve(tag_mutations.skipped_count, hidden) == 5


def test_mistakes_are_shown_with_their_path_in_the_spelling_of_the_api() -> None:
    assert resolve(mutations.user_errors, REJECTED) == (MISTAKE,)
    assert resolve(mutations.user_errors, CHANGED) == ()
    assert mutations.error_field(fake_context(), MISTAKE) == ["input", "tags", "0"]
    assert mutations.error_message(fake_context(), MISTAKE) == "There is no such tag."
    assert mutations.error_message(fake_context(Language.SERBIAN), MISTAKE) == "Traženi objekat ne postoji (oznaka)."
    assert (changed_id(CHANGED), changed_id(REJECTED)) == ("obj_1", None)
