"""The descriptions of the API's enumerations and of their values, without those of calling engagement."""

from collections.abc import Mapping
from enum import StrEnum

from domain.customers.kpis import KpiKind
from domain.customers.reasons import StatusReasonCode
from domain.entitlements.invoices import InvoiceState
from domain.integrations.webhooks import WebhookDeliveryState, WebhookState
from domain.partner.bulk_jobs import BulkJobState
from domain.partner.helpdesk import HelpdeskRequestState, HelpdeskTopic
from domain.partner.resources import ResourceKind
from domain.partner.setup import SetupStepKey
from domain.partner.tags import TagColor
from domain.permissions import ROLE_DESCRIPTIONS, Permission
from domain.types import (
    AdministratorState,
    AnalyticsProduct,
    CustomerOrderField,
    CustomerStatus,
    EntitlementReportOrderField,
    EntitlementState,
    ManagedBy,
    OrderDirection,
    OrderKind,
    PartnerRole,
    Product,
    SubscriptionType,
)
from domain.user_errors import UserErrorCode
from resolvers.list_feeds import ListChangeKind
from resolvers.organization import SetupState
from schema.calling_enum_descriptions import CALLING_ENUM_DESCRIPTIONS

# Of each enumeration: its own description, and those of its values.
ENUM_DESCRIPTIONS: Mapping[type[StrEnum], tuple[str, Mapping[str, str]]] = {
    **CALLING_ENUM_DESCRIPTIONS,
    AdministratorState: (
        "The state of an administrator's account.",
        {
            "INVITED": "Invited; the first valid request makes the account ACTIVE.",
            "ACTIVE": "May make requests.",
            "DEACTIVATED": "Removed: makes no requests, has no assignments and is in no list.",
        },
    ),
    AnalyticsProduct: (
        "A product that KPIs, license analytics and calling engagement cover.",
        {"MEETINGS": "Meetings.", "CALLING": "Calling."},
    ),
    BulkJobState: (
        "The state of a bulk job.",
        {
            "RUNNING": "The job works, or waits for its turn.",
            "DONE": "The job has handled every customer.",
            "FAILED": "The job has given up. What it changed before stays.",
        },
    ),
    CustomerOrderField: (
        "The sort key of a list of customers. Nulls come last in both directions. "
        "Ties are ordered by name, then by id, in the order's own direction.",
        {
            "NAME": "The name in Latin letters, without case.",
            "CREATED_AT": "The moment of creation.",
            "LAST_ADMINISTRATOR_SIGN_IN_AT": "The last sign-in of one of the customer's administrators.",
            "NEXT_EXPIRY_AT": "The soonest end of a running entitlement.",
            "URGENCY": "The most urgent status. Customers without a status come last.",
        },
    ),
    CustomerStatus: (
        "A status of a customer. A customer can have several statuses at once. A running subscription or trial has "
        "started, has not ended, is set up and is not cancelled; a living one is running, scheduled or not set up yet. "
        "A subscription renews where autoRenew is on and no cancellation is known.",
        {
            "TRIAL": "A trial is running.",
            "SUBSCRIPTION": "A subscription is ACTIVE.",
            "EXPIRING_SOON": "A running trial, or a running subscription that does not renew, ends within "
            "PartnerSettings.expiringSoonDays.",
            "LICENSE_OVERAGE": "A license line of a running entitlement has more licenses assigned than ordered.",
            "NO_RECENT_ACTIVITY": "An entitlement is running, and no administrator of the customer has signed in for "
            "PartnerSettings.noRecentActivityDays.",
            "READY_FOR_ORDER_SETUP": "A subscription is ordered and not set up yet.",
            "SUSPENDED": "A subscription is marked unpaid by the ordering system.",
            "EXPIRED": "The customer has had an entitlement, and none is living.",
        },
    ),
    EntitlementReportOrderField: (
        "The sort key of a report's table. Ties are ordered by the customer's name, then by number; "
        "nulls come last in both directions.",
        {
            "CUSTOMER_NAME": "The customer's name.",
            "ADDED_AT": "The moment at which the entitlement was added.",
            "ENDS_AT": "The end of the entitlement.",
            "TOTAL": "The number of licenses ordered.",
            "ASSIGNED_PERCENT": "The percentage of licenses that are assigned.",
            "USED_PERCENT": "The percentage of licenses that are used.",
            "OVERAGE": "The number of licenses assigned beyond those ordered.",
        },
    ),
    EntitlementState: (
        "The state of a subscription or trial. The first that applies counts, in the order CANCELLED, EXPIRED, "
        "READY_FOR_SETUP, SCHEDULED, SUSPENDED, ACTIVE.",
        {
            "READY_FOR_SETUP": "The subscription is ordered and not fully set up yet.",
            "SCHEDULED": "The entitlement is set up, and its start is in the future.",
            "ACTIVE": "The entitlement is running, and not suspended.",
            "SUSPENDED": "The subscription is marked unpaid by the ordering system. Invoices do not decide this state.",
            "EXPIRED": "The end has passed.",
            "CANCELLED": "The moment of the cancellation has passed.",
        },
    ),
    HelpdeskRequestState: (
        "The state of a helpdesk request.",
        {"OPEN": "The request waits for an answer.", "CLOSED": "The request was closed."},
    ),
    HelpdeskTopic: (
        "The topic of a helpdesk request.",
        {"CALLING": "Calling.", "CONTACT_CENTER": "Contact center.", "OTHER": "Any other topic."},
    ),
    InvoiceState: (
        "The payment state of an invoice, as the ordering system delivers it.",
        {
            "OPEN": "Issued and not paid yet.",
            "PAID": "Paid.",
            "OVERDUE": "Not paid when it was due.",
            "VOID": "Withdrawn. It counts nowhere.",
        },
    ),
    KpiKind: (
        "A KPI, by the field of PartnerKpis that counts its customers.",
        {
            "TOTAL_CUSTOMERS": "Customers with a running license line.",
            "NEARING_EXPIRATION": "A subscription without auto-renewal, or a trial, ends in the next 90 days.",
            "NEARING_RENEWAL": "A subscription renews by itself in the next 90 days.",
            "LOW_LICENSE_ASSIGNMENT": "A smaller share of the licenses is assigned than the threshold in "
            "LowAssignmentReport.",
            "OVER_LICENSE_LIMIT": "A license line has more licenses assigned than ordered.",
        },
    ),
    ListChangeKind: (
        "What a client does with a customer of its list.",
        {
            "ENTERED": "Add the customer: it matches the filter now, or the viewer gained sight of it.",
            "UPDATED": "Show the customer anew: an event named it, and it stays in the list.",
            "LEFT": "Remove the customer: it no longer matches, was removed, or the viewer lost sight of it.",
        },
    ),
    ManagedBy: (
        "How the partner came to manage the customer.",
        {
            "EXTERNAL_ADMINISTRATOR": "The customer's own organization has admitted the partner as an external "
            "administrator.",
            "PARTNER_ORGANIZATION": "The customer is part of the partner's organization.",
        },
    ),
    OrderDirection: (
        "The direction of an order.",
        {"ASC": "From the smallest value to the largest.", "DESC": "From the largest value to the smallest."},
    ),
    OrderKind: (
        "What an order does to its subscription.",
        {
            "NEW": "Starts the subscription.",
            "ADD_LICENSES": "Adds licenses.",
            "REMOVE_LICENSES": "Gives licenses back.",
            "RENEWAL": "Renews the subscription for another term.",
        },
    ),
    PartnerRole: (
        "The role of an administrator. Query.roles lists the permissions of each.",
        {str(role): description for role, description in ROLE_DESCRIPTIONS.items()},
    ),
    Permission: (
        "An action that a role allows. Which customers it covers depends on what the viewer sees.",
        {
            "READ_CUSTOMERS": "Read customers, with their subscriptions, trials, orders and invoices.",
            "EDIT_TAGS": "Create, change and delete tags, put them on customers and take them off; share views.",
            "MANAGE_TRIALS": "Start, extend, change, end and convert trials.",
            "SET_UP_ORDERS": "Complete the setup of ordered subscriptions.",
            "LAUNCH_CUSTOMER": "Open the console of a customer.",
            "ASSIGN_ADMINISTRATORS": "Assign administrators to customers and end assignments.",
            "MANAGE_ADMINISTRATORS": "Invite, change and remove administrators.",
            "MANAGE_ORGANIZATION": "Complete the setup; change profile, services and settings.",
            "READ_ANALYTICS": "Read KPIs, license analytics and calling engagement.",
            "READ_ACTIVITY": "Read the log.",
            "CONTACT_HELPDESK": "Send requests to the helpdesk.",
            "LAUNCH_ORGANIZATION": "Open the console of the partner's own organization.",
            "MANAGE_INTEGRATIONS": "Manage webhooks, and alert rules of other administrators.",
        },
    ),
    Product: (
        "A communication service that licenses are counted for. New products are added over time.",
        {
            "MEETINGS": "Meetings.",
            "CALLING": "Calling.",
            "MESSAGING": "Messaging.",
            "REAL_TIME_TRANSLATIONS": "Real-time translations.",
            "WEBINARS": "Webinars.",
            "EVENTS": "Events.",
            "CONTACT_CENTER": "Contact Center.",
            "DEVICES": "Devices.",
            "OTHER": "Any other product. The name of the license line says what was delivered.",
        },
    ),
    ResourceKind: (
        "The form of a resource.",
        {
            "GUIDE": "A text to read.",
            "TRAINING": "A course.",
            "VIDEO": "A video.",
            "RELEASE_NOTE": "News of a release.",
        },
    ),
    SetupState: (
        "How far the first-time setup has come.",
        {
            "NOT_STARTED": "No step is completed.",
            "IN_PROGRESS": "Some steps are completed.",
            "COMPLETE": "Every step is completed.",
        },
    ),
    SetupStepKey: (
        "A step of the first-time setup. Steps are completed in this order.",
        {
            "ACCEPT_TERMS": "Accept the current terms. Until then, every mutation but acceptTerms is refused.",
            "ORGANIZATION_PROFILE": "Give the organization a name, a country and a contact e-mail address.",
            "ADD_ADMINISTRATORS": "Invite the other administrators.",
            "CHOOSE_SERVICES": "Switch on at least one service of the plan.",
        },
    ),
    StatusReasonCode: (
        "Why a status holds. Each value names the arguments that it has; the others are null.",
        {
            "SUSPENDED": "The subscription is marked unpaid. Arguments: type, number, others.",
            "LICENSES_EXCEEDED": "More licenses of a product are assigned than ordered. "
            "Arguments: type, number, product, assigned, ordered, others.",
            "EXPIRES": "The entitlement ends and does not renew. Arguments: type, number, on, others.",
            "RENEWS": "The subscription renews. Arguments: type, number, on, others.",
            "EXPIRED": "The entitlement that ended last has ended. Arguments: type, number, on, others.",
            "CANCELLED": "The entitlement that ended last was cancelled. Arguments: type, number, on, others.",
            "READY_FOR_SETUP": "The subscription is ready to be set up. Arguments: type, number, others.",
            "NO_SIGN_IN_SINCE": "No administrator of the customer has signed in since a date. Argument: on.",
            "NEVER_SIGNED_IN": "No administrator of the customer has ever signed in. "
            "Argument: on, the date of its creation.",
        },
    ),
    SubscriptionType: (
        "The kind of an entitlement.",
        {"SUBSCRIPTION": "A subscription.", "TRIAL": "A trial."},
    ),
    TagColor: ("The color in which a tag is shown.", {str(color): f"{color.capitalize()}." for color in TagColor}),
    UserErrorCode: (
        "The kind of a mistake. New codes are added over time.",
        {
            "BLANK": "The text contains nothing visible.",
            "TOO_LONG": "The text has too many characters.",
            "INVALID": "The value is not allowed here; the message says why.",
            "TAKEN": "The name, number, id or address is already used.",
            "NOT_FOUND": "The object does not exist for the viewer.",
            "STALE": "The object has changed since the version that was given.",
            "KEY_REUSED": "The idempotency key was already used with other input.",
            "TRIAL_RUNNING": "The customer already has a running trial of the product.",
            "TRIAL_TOO_LONG": "The trial would last longer than 90 days, or 120 days with extensions.",
            "LIMIT_REACHED": "The limit on the number of objects would be passed; the message names it.",
            "LAST_FULL_ADMINISTRATOR": "The last active FULL_ADMINISTRATOR can be neither demoted nor removed.",
            "WRONG_STATE": "The state of the object does not allow the change; the message says which one does.",
        },
    ),
    WebhookDeliveryState: (
        "The result of the last attempt of a delivery.",
        {
            "DELIVERED": "The address answered with a status of 200–299 within 10 seconds.",
            "RETRYING": "The delivery is tried again at nextAttemptAt.",
            "FAILED": "The delivery is given up after 24 hours, and delivery goes on with the next event.",
        },
    ),
    WebhookState: (
        "Whether a webhook receives events.",
        {
            "ACTIVE": "Events are delivered.",
            "PAUSED": "Paused by an administrator, or because its creator was removed. Events wait.",
            "DISABLED": "Disabled by the system, because every delivery has failed for five days. Events wait.",
        },
    ),
}
