"""The permissions of each role. A role without a permission gets FORBIDDEN."""

from enum import StrEnum

from domain.types import PartnerRole


class Permission(StrEnum):
    """An action that a role allows. Which customers it covers is decided by visibility, not here."""

    READ_CUSTOMERS = "READ_CUSTOMERS"
    EDIT_TAGS = "EDIT_TAGS"
    MANAGE_TRIALS = "MANAGE_TRIALS"
    SET_UP_ORDERS = "SET_UP_ORDERS"
    LAUNCH_CUSTOMER = "LAUNCH_CUSTOMER"
    ASSIGN_ADMINISTRATORS = "ASSIGN_ADMINISTRATORS"
    MANAGE_ADMINISTRATORS = "MANAGE_ADMINISTRATORS"
    MANAGE_ORGANIZATION = "MANAGE_ORGANIZATION"
    READ_ANALYTICS = "READ_ANALYTICS"
    READ_ACTIVITY = "READ_ACTIVITY"
    CONTACT_HELPDESK = "CONTACT_HELPDESK"
    LAUNCH_ORGANIZATION = "LAUNCH_ORGANIZATION"
    MANAGE_INTEGRATIONS = "MANAGE_INTEGRATIONS"


_P = Permission
ROLE_PERMISSIONS: dict[PartnerRole, tuple[Permission, ...]] = {
    PartnerRole.FULL_ADMINISTRATOR: tuple(Permission),
    PartnerRole.ADMINISTRATOR: (
        _P.READ_CUSTOMERS,
        _P.EDIT_TAGS,
        _P.MANAGE_TRIALS,
        _P.SET_UP_ORDERS,
        _P.LAUNCH_CUSTOMER,
        _P.READ_ANALYTICS,
        _P.READ_ACTIVITY,
        _P.CONTACT_HELPDESK,
        _P.LAUNCH_ORGANIZATION,
    ),
    PartnerRole.READ_ONLY_ADMINISTRATOR: (
        _P.READ_CUSTOMERS,
        _P.LAUNCH_CUSTOMER,
        _P.READ_ANALYTICS,
        _P.READ_ACTIVITY,
        _P.CONTACT_HELPDESK,
        _P.LAUNCH_ORGANIZATION,
    ),
    PartnerRole.HELPDESK_ADMINISTRATOR: (_P.READ_CUSTOMERS, _P.LAUNCH_CUSTOMER, _P.CONTACT_HELPDESK),
}

ROLE_DESCRIPTIONS: dict[PartnerRole, str] = {
    PartnerRole.FULL_ADMINISTRATOR: (
        "Sees and manages every customer, tag and administrator, and the organization itself."
    ),
    PartnerRole.ADMINISTRATOR: "Sees and manages the customers assigned to them; edits tags; starts trials.",
    PartnerRole.READ_ONLY_ADMINISTRATOR: (
        "Sees every customer and the analytics, and may launch a customer; changes nothing."
    ),
    PartnerRole.HELPDESK_ADMINISTRATOR: (
        "Sees every customer, without analytics, and may launch a customer; changes nothing."
    ),
}


def has_permission(role: PartnerRole, permission: Permission) -> bool:
    """Return whether the role has the permission."""
    return permission in ROLE_PERMISSIONS[role]


def can_see_all_customers(role: PartnerRole) -> bool:
    """Return whether the role sees every customer of the partner; the others see only customers assigned to them."""
    return role is not PartnerRole.ADMINISTRATOR
