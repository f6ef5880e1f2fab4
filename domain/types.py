"""The enumerations of the domain. A value is stored in the database and printed in the API by its name."""

from enum import StrEnum


class Product(StrEnum):
    """A communication service that licences are counted for; OTHER stands for every product that is not listed."""

    MEETINGS = "MEETINGS"
    CALLING = "CALLING"
    MESSAGING = "MESSAGING"
    REAL_TIME_TRANSLATIONS = "REAL_TIME_TRANSLATIONS"
    WEBINARS = "WEBINARS"
    EVENTS = "EVENTS"
    CONTACT_CENTER = "CONTACT_CENTER"
    DEVICES = "DEVICES"
    OTHER = "OTHER"


# Iterating over the class itself takes ten times as long, and every write of a customer iterates several times.
PRODUCTS = tuple(Product)


class AnalyticsProduct(StrEnum):
    """A product that KPIs, licence analytics and calling engagement cover; a subset of Product."""

    MEETINGS = "MEETINGS"
    CALLING = "CALLING"


class SubscriptionType(StrEnum):
    """The kind of an entitlement."""

    SUBSCRIPTION = "SUBSCRIPTION"
    TRIAL = "TRIAL"


class ManagedBy(StrEnum):
    """How the partner came to manage the customer."""

    EXTERNAL_ADMINISTRATOR = "EXTERNAL_ADMINISTRATOR"
    PARTNER_ORGANIZATION = "PARTNER_ORGANIZATION"


class EntitlementState(StrEnum):
    """The state of an entitlement at one moment; `state_at` (entitlements/lifecycle.py) decides it."""

    READY_FOR_SETUP = "READY_FOR_SETUP"
    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class CustomerStatus(StrEnum):
    """A status of a customer; several can hold at once. `statuses_at` (customers/statuses.py) decides them."""

    TRIAL = "TRIAL"
    SUBSCRIPTION = "SUBSCRIPTION"
    EXPIRING_SOON = "EXPIRING_SOON"
    LICENSE_OVERAGE = "LICENSE_OVERAGE"
    NO_RECENT_ACTIVITY = "NO_RECENT_ACTIVITY"
    READY_FOR_ORDER_SETUP = "READY_FOR_ORDER_SETUP"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"


# The most urgent first. Lists order customers by their most urgent status.
URGENCY: tuple[CustomerStatus, ...] = (
    CustomerStatus.SUSPENDED,
    CustomerStatus.LICENSE_OVERAGE,
    CustomerStatus.EXPIRING_SOON,
    CustomerStatus.EXPIRED,
    CustomerStatus.READY_FOR_ORDER_SETUP,
    CustomerStatus.NO_RECENT_ACTIVITY,
    CustomerStatus.TRIAL,
    CustomerStatus.SUBSCRIPTION,
)
URGENCY_RANK: dict[CustomerStatus, int] = {status: rank for rank, status in enumerate(URGENCY)}


class PartnerRole(StrEnum):
    """The role of an administrator of the partner; permissions.py says what each may do."""

    FULL_ADMINISTRATOR = "FULL_ADMINISTRATOR"
    ADMINISTRATOR = "ADMINISTRATOR"
    READ_ONLY_ADMINISTRATOR = "READ_ONLY_ADMINISTRATOR"
    HELPDESK_ADMINISTRATOR = "HELPDESK_ADMINISTRATOR"


class AdministratorState(StrEnum):
    """The account state: INVITED before the first request, ACTIVE after it, DEACTIVATED once removed."""

    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"


class OrderKind(StrEnum):
    """The effect of an order on its subscription."""

    NEW = "NEW"
    ADD_LICENSES = "ADD_LICENSES"
    REMOVE_LICENSES = "REMOVE_LICENSES"
    RENEWAL = "RENEWAL"


class CustomerOrderField(StrEnum):
    """The sort keys of a list of customers; ties go by name, then id."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    LAST_ADMINISTRATOR_SIGN_IN_AT = "LAST_ADMINISTRATOR_SIGN_IN_AT"
    NEXT_EXPIRY_AT = "NEXT_EXPIRY_AT"
    URGENCY = "URGENCY"


class LicenseReport(StrEnum):
    """The reports of licence analytics."""

    RECENTLY_ADDED = "RECENTLY_ADDED"
    EXPIRING = "EXPIRING"
    RENEWING = "RENEWING"
    LOW_ASSIGNMENT = "LOW_ASSIGNMENT"
    OVER_LIMIT = "OVER_LIMIT"


class EntitlementReportOrderField(StrEnum):
    """The sort keys of a licence report; ties go by the customer's name, then the entitlement's number."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    ADDED_AT = "ADDED_AT"
    ENDS_AT = "ENDS_AT"
    TOTAL = "TOTAL"
    ASSIGNED_PERCENT = "ASSIGNED_PERCENT"
    USED_PERCENT = "USED_PERCENT"
    OVERAGE = "OVERAGE"


class OrderDirection(StrEnum):
    """The direction of an order; nulls come last in both."""

    ASC = "ASC"
    DESC = "DESC"


class ActivityKind(StrEnum):
    """The kind of an event of the activity log."""

    CUSTOMER_ADDED = "CUSTOMER_ADDED"
    CUSTOMER_CHANGED = "CUSTOMER_CHANGED"
    CUSTOMER_REMOVED = "CUSTOMER_REMOVED"
    CUSTOMER_LAUNCHED = "CUSTOMER_LAUNCHED"
    STATUS_CHANGED = "STATUS_CHANGED"
    TAG_CREATED = "TAG_CREATED"
    TAG_CHANGED = "TAG_CHANGED"
    TAG_DELETED = "TAG_DELETED"
    TAGS_ASSIGNED = "TAGS_ASSIGNED"
    TAGS_REMOVED = "TAGS_REMOVED"
    TRIAL_STARTED = "TRIAL_STARTED"
    TRIAL_CHANGED = "TRIAL_CHANGED"
    TRIAL_EXTENDED = "TRIAL_EXTENDED"
    TRIAL_ENDED = "TRIAL_ENDED"
    TRIAL_CONVERTED = "TRIAL_CONVERTED"
    SUBSCRIPTION_ADDED = "SUBSCRIPTION_ADDED"
    SUBSCRIPTION_CHANGED = "SUBSCRIPTION_CHANGED"
    SUBSCRIPTION_RENEWED = "SUBSCRIPTION_RENEWED"
    SUBSCRIPTION_CANCELLED = "SUBSCRIPTION_CANCELLED"
    ORDER_ADDED = "ORDER_ADDED"
    INVOICE_CHANGED = "INVOICE_CHANGED"
    ORDER_SET_UP = "ORDER_SET_UP"
    LICENSES_CHANGED = "LICENSES_CHANGED"
    ADMINISTRATOR_INVITED = "ADMINISTRATOR_INVITED"
    ADMINISTRATOR_CHANGED = "ADMINISTRATOR_CHANGED"
    ADMINISTRATOR_REMOVED = "ADMINISTRATOR_REMOVED"
    ADMINISTRATOR_ASSIGNED = "ADMINISTRATOR_ASSIGNED"
    ADMINISTRATOR_UNASSIGNED = "ADMINISTRATOR_UNASSIGNED"
    ORGANIZATION_CHANGED = "ORGANIZATION_CHANGED"
    TERMS_ACCEPTED = "TERMS_ACCEPTED"
    SETUP_STEP_COMPLETED = "SETUP_STEP_COMPLETED"
    SERVICE_CHANGED = "SERVICE_CHANGED"
    SETTINGS_CHANGED = "SETTINGS_CHANGED"
    HELPDESK_REQUESTED = "HELPDESK_REQUESTED"
    HELPDESK_CLOSED = "HELPDESK_CLOSED"
    ORGANIZATION_LAUNCHED = "ORGANIZATION_LAUNCHED"
    WEBHOOK_CHANGED = "WEBHOOK_CHANGED"
    ALERT_RULE_CHANGED = "ALERT_RULE_CHANGED"
    ALERT_CHANGED = "ALERT_CHANGED"
    EXPORTED = "EXPORTED"
    VIEW_SAVED = "VIEW_SAVED"
    VIEW_DELETED = "VIEW_DELETED"
