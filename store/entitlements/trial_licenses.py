"""The checks of the licences that the mutations of trials receive."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.customers.reasons import join_product_names
from domain.entitlements.lifecycle import entitlement_from_document, is_running, is_trial
from domain.entitlements.trials import TrialLicenses
from domain.messages import translatable
from domain.text.input_checks import InputChecks
from domain.user_errors import UserErrorCode
from store.changes.customer_change import CustomerChange

_PATH = "licenses"


def read_licenses(checks: InputChecks, lines: Sequence[TrialLicenses], fewest: int, most: int) -> dict[str, int]:
    """Return the numbers of licences by product; add a mistake for a number out of bounds and a repeated product."""
    licenses: dict[str, int] = {}
    for position, line in enumerate(lines):
        path = (_PATH, position)
        checks.read_number(line.licenses, fewest, most, translatable("The number of licenses"), *path, "licenses")
        if str(line.product) in licenses:
            message = translatable("Each product may be given once; this one came before.")
            checks.add(UserErrorCode.INVALID, message, *path, "product")
        licenses.setdefault(str(line.product), line.licenses)
    return licenses


def check_single_lines(checks: InputChecks, lines: Sequence[TrialLicenses], trial: Mapping[str, Any]) -> None:
    """Add INVALID for each product of which the trial has several lines: the new number could be for any of them."""
    products = [line["product"] for line in trial["licenses"]]
    for position, line in enumerate(lines):
        if products.count(str(line.product)) > 1:
            product = join_product_names([line.product])
            message = translatable(
                "The trial has several kinds of licenses of {product}: their numbers cannot be changed here.",
                product=product,
            )
            checks.add(UserErrorCode.INVALID, message, _PATH, position, "product")


def check_no_running_trial(
    checks: InputChecks,
    lines: Sequence[TrialLicenses],
    change: CustomerChange,
    now: datetime,
    *,
    own: str | None = None,
    start: int = 0,
) -> None:
    """Add TRIAL_RUNNING for each product that a running trial other than that of the number `own` has.

    `start` is the position of the first line in the input.

    Of two concurrent transactions, the second one conflicts on the customer, is repeated and finds the trial here.
    """
    entitlements = [entitlement_from_document(document) for document in change.entitlements.values()]
    trials = [
        entitlement
        for entitlement in entitlements
        if is_trial(entitlement) and is_running(entitlement, now) and entitlement.number != own
    ]
    numbers = {line.product: trial.number for trial in trials for line in trial.licenses}
    for position, line in enumerate(lines, start):
        number = numbers.get(line.product)
        if number is not None:
            product = join_product_names([line.product])
            message = translatable(
                "{product} is on trial already: extend trial {number}, or end it first.", product=product, number=number
            )
            checks.add(UserErrorCode.TRIAL_RUNNING, message, _PATH, position, "product")
