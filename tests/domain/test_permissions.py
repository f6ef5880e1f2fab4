"""The permissions of the roles (domain rules: "Who may do what")."""

import pytest

from domain.permissions import Permission, can_see_all_customers, has_permission
from domain.types import PartnerRole

FULL, ADMINISTRATOR = PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR
READ_ONLY, HELPDESK = PartnerRole.READ_ONLY_ADMINISTRATOR, PartnerRole.HELPDESK_ADMINISTRATOR
ROLES_WITH: dict[Permission, set[PartnerRole]] = {
    Permission.READ_CUSTOMERS: {FULL, ADMINISTRATOR, READ_ONLY, HELPDESK},
    Permission.EDIT_TAGS: {FULL, ADMINISTRATOR},
    Permission.MANAGE_TRIALS: {FULL, ADMINISTRATOR},
    Permission.SET_UP_ORDERS: {FULL, ADMINISTRATOR},
    Permission.LAUNCH_CUSTOMER: {FULL, ADMINISTRATOR, READ_ONLY, HELPDESK},
    Permission.LAUNCH_ORGANIZATION: {FULL, ADMINISTRATOR, READ_ONLY},
    Permission.ASSIGN_ADMINISTRATORS: {FULL},
    Permission.MANAGE_ADMINISTRATORS: {FULL},
    Permission.MANAGE_ORGANIZATION: {FULL},
    Permission.MANAGE_INTEGRATIONS: {FULL},
    Permission.READ_ANALYTICS: {FULL, ADMINISTRATOR, READ_ONLY},
    Permission.READ_ACTIVITY: {FULL, ADMINISTRATOR, READ_ONLY},
    Permission.CONTACT_HELPDESK: {FULL, ADMINISTRATOR, READ_ONLY, HELPDESK},
}


@pytest.mark.parametrize("permission", Permission)
def test_exactly_these_roles_have_the_permission(permission: Permission) -> None:
    assert {role for role in PartnerRole if has_permission(role, permission)} == ROLES_WITH[permission]


def test_only_administrators_are_limited_to_assigned_customers() -> None:
    assert {role for role in PartnerRole if not can_see_all_customers(role)} == {ADMINISTRATOR}
