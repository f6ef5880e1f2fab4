"""Filters that choose events by the customer they are about: those of webhooks and of alert rules."""

from collections.abc import Mapping
from typing import Any

from domain.customers.filter import find_time_conditions, parse_filter
from domain.failures import BadUserInput
from domain.inputs import ABSENT, Omittable
from domain.messages import translatable
from domain.partner.views import MAX_FILTER_LENGTH, filter_length, filter_to_document
from domain.text.input_checks import InputChecks
from domain.user_errors import UserErrorCode


def read_event_filter(checks: InputChecks, given: Omittable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the filter to store, or None for all customers; add the mistakes of a wrong one."""
    if given is None or given is ABSENT:
        return None
    try:
        parse_filter(given)
    except BadUserInput as error:
        checks.add(UserErrorCode.INVALID, error.message, "filter")
        return None
    for name in find_time_conditions(given):
        message = translatable("This filter cannot contain {name}: its result changes with time.", name=name)
        checks.add(UserErrorCode.INVALID, message, "filter")
    document = filter_to_document(given)
    if filter_length(document) > MAX_FILTER_LENGTH:
        message = translatable("The filter is longer than the {most} characters that are kept.", most=MAX_FILTER_LENGTH)
        checks.add(UserErrorCode.TOO_LONG, message, "filter")
    return document
