"""Descriptions state the limits and defaults that the rules have."""

import pytest

from domain.customers import filter as customer_filter
from domain.customers import tag_rules
from domain.entitlements import trials
from domain.partner import activity, administrators, helpdesk, organization, tags, views
from domain.partner.bulk_jobs import MAX_SYNCHRONOUS_CUSTOMERS
from domain.partner.settings import DEFAULT_SETTINGS, SETTING_BOUNDS
from domain.text.api_names import api_name
from domain.text.contacts import MAX_EMAIL_LENGTH
from domain.text.input_checks import MAX_IDS, MAX_KEY_LENGTH
from domain.text.search import MAX_SEARCH_LENGTH
from resolvers import nodes
from tests.schema.test_descriptions import elements

LIMITS = {
    "ActivityFilter": [activity.MAX_VALUES],
    "AssignAdministratorInput.customers": [1, MAX_IDS],
    "AssignTagsPayload.job": [MAX_SYNCHRONOUS_CUSTOMERS],
    "BulkJob.skipped": [tags.MAX_TAGS_PER_CUSTOMER],
    "ChangeAdministratorInput.displayName": [1, administrators.MAX_NAME_LENGTH],
    "ChangeTrialInput.licenses": [0, trials.MAX_TRIAL_LICENSES],
    "ConvertTrialInput.licenses": [1, trials.MAX_SUBSCRIPTION_LICENSES],
    "ConvertTrialInput.months": [1, trials.MAX_TERM_MONTHS],
    "ConvertTrialInput.number": [trials.MAX_NUMBER_LENGTH],
    "CreateTagInput": [tags.MAX_TAGS],
    "CreateTagInput.description": [tags.MAX_DESCRIPTION_LENGTH],
    "CreateTagInput.idempotencyKey": [MAX_KEY_LENGTH],
    "CreateTagInput.name": [1, tags.MAX_NAME_LENGTH],
    "Customer.tags": [tag_rules.MAX_TAGS_OF_CUSTOMER, tags.MAX_TAGS_PER_CUSTOMER],
    "CustomerFilter": [customer_filter.MAX_VALUES, customer_filter.MAX_FILTERS, customer_filter.MAX_FILTER_DEPTH],
    "CustomerFilter.expiresWithinDays": [1, customer_filter.MAX_WINDOW_DAYS],
    "CustomerFilter.renewsWithinDays": [1, customer_filter.MAX_WINDOW_DAYS],
    "CustomerFilter.search": [MAX_SEARCH_LENGTH],
    "CustomerSelection.ids": [MAX_IDS],
    "ExtendTrialInput.days": [trials.MAX_EXTENDED_TRIAL_DAYS],
    "InviteAdministratorInput.displayName": [1, administrators.MAX_NAME_LENGTH],
    "InviteAdministratorInput.email": [MAX_EMAIL_LENGTH],
    "Mutation.saveCustomerView": [views.MAX_OWN_VIEWS, views.MAX_SHARED_VIEWS],
    "Query.nodes(ids:)": [nodes.MAX_IDS],
    "Query.tags": [tags.MAX_TAGS],
    "RequestHelpdeskInput.message": [1, helpdesk.MAX_MESSAGE_LENGTH],
    "RequestHelpdeskInput.subject": [1, helpdesk.MAX_SUBJECT_LENGTH],
    "SaveCustomerViewInput.filter": [views.MAX_FILTER_LENGTH],
    "SaveCustomerViewInput.name": [1, views.MAX_NAME_LENGTH],
    "StartTrialInput.days": [1, trials.MAX_TRIAL_DAYS],
    "StartTrialInput.licenses": [1, trials.MAX_TRIAL_LICENSES],
    "UpdateOrganizationInput.name": [1, organization.MAX_NAME_LENGTH],
    "UserErrorCode.TRIAL_TOO_LONG": [trials.MAX_TRIAL_DAYS, trials.MAX_EXTENDED_TRIAL_DAYS],
}


def _numbers(name: str) -> set[str]:
    return {word.strip(".,;:()") for word in (elements()[name] or "").replace("–", " ").split()}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_described_as_it_is(name: str) -> None:
    assert {f"{limit:,}" for limit in LIMITS[name]} - _numbers(name) == set()


@pytest.mark.parametrize("setting", DEFAULT_SETTINGS)
def test_a_setting_is_described_with_its_bounds_and_its_default(setting: str) -> None:
    bounds = {f"{bound}" for bound in SETTING_BOUNDS[setting]}
    name = api_name(setting)
    assert bounds - _numbers(f"ChangeSettingsInput.{name}") == set()
    assert {*bounds, f"{DEFAULT_SETTINGS[setting]}"} - _numbers(f"PartnerSettings.{name}") == set()
