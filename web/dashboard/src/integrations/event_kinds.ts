/** The kinds of event in the order in which they are offered; the compiler finds one that is missing or there twice. */
import type { ActivityKind, CustomerStatus } from "../gql/graphql";

/** Whether such an event can be one of a customer. */
const IS_OF_CUSTOMER: Readonly<Record<ActivityKind, boolean>> = {
  CUSTOMER_ADDED: true,
  CUSTOMER_CHANGED: true,
  CUSTOMER_REMOVED: true,
  CUSTOMER_LAUNCHED: true,
  STATUS_CHANGED: true,
  LICENSES_CHANGED: true,
  TAGS_ASSIGNED: true,
  TAGS_REMOVED: true,
  TAG_CREATED: false,
  TAG_CHANGED: false,
  TAG_DELETED: false,
  TRIAL_STARTED: true,
  TRIAL_CHANGED: true,
  TRIAL_EXTENDED: true,
  TRIAL_ENDED: true,
  TRIAL_CONVERTED: true,
  SUBSCRIPTION_ADDED: true,
  SUBSCRIPTION_CHANGED: true,
  SUBSCRIPTION_RENEWED: true,
  SUBSCRIPTION_CANCELLED: true,
  ORDER_ADDED: true,
  ORDER_SET_UP: true,
  INVOICE_CHANGED: true,
  ADMINISTRATOR_INVITED: false,
  ADMINISTRATOR_CHANGED: false,
  ADMINISTRATOR_REMOVED: false,
  ADMINISTRATOR_ASSIGNED: true,
  ADMINISTRATOR_UNASSIGNED: true,
  ORGANIZATION_CHANGED: false,
  TERMS_ACCEPTED: false,
  SETUP_STEP_COMPLETED: false,
  SERVICE_CHANGED: false,
  SETTINGS_CHANGED: false,
  HELPDESK_REQUESTED: true,
  HELPDESK_CLOSED: true,
  ORGANIZATION_LAUNCHED: false,
  ALERT_RULE_CHANGED: false,
  ALERT_CHANGED: true,
  WEBHOOK_CHANGED: false,
  EXPORTED: false,
  VIEW_SAVED: false,
  VIEW_DELETED: false,
};

export const EVENT_KINDS = Object.keys(IS_OF_CUSTOMER) as readonly ActivityKind[];
export const CUSTOMER_EVENT_KINDS = EVENT_KINDS.filter((kind) => IS_OF_CUSTOMER[kind]);

export const STATUSES: readonly CustomerStatus[] = [
  "SUSPENDED",
  "LICENSE_OVERAGE",
  "EXPIRING_SOON",
  "EXPIRED",
  "READY_FOR_ORDER_SETUP",
  "NO_RECENT_ACTIVITY",
  "TRIAL",
  "SUBSCRIPTION",
];
