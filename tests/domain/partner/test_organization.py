"""Which services of an organization can be switched on and off."""

import pytest

from domain.partner.organization import SetService, explain_service_conflict
from domain.types import Product

PLAN = ("CALLING", "MEETINGS")


@pytest.mark.parametrize(
    ("product", "is_on", "enabled", "conflict"),
    [
        (Product.CALLING, True, (), None),
        (Product.MESSAGING, True, (), "not in the plan"),
        # A service that was switched on before the plan changed stays as it is.
        (Product.MESSAGING, True, ("MESSAGING",), None),
        (Product.CALLING, False, ("CALLING", "MEETINGS"), None),
        (Product.CALLING, False, ("CALLING",), "the last service that is on"),
        (Product.CALLING, False, ("MEETINGS",), None),
        (Product.CALLING, False, (), None),
    ],
)
def test_services_of_the_plan_are_switched_on_and_the_last_one_stays(
    product: Product, is_on: bool, enabled: tuple[str, ...], conflict: str | None
) -> None:
    message = explain_service_conflict(SetService(product=product, enabled=is_on), PLAN, enabled)
    assert (message is None) if conflict is None else (message is not None and conflict in message.text)
