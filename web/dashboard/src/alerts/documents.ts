/** What the page of alerts asks of the API. */
import { graphql } from "../gql";
import type { AlertRowFragment, AlertRulePartsFragment } from "../gql/graphql";

export type Alert = AlertRowFragment;
export type Rule = AlertRulePartsFragment;

export const ALERT_RULE_PARTS = graphql(`
  fragment AlertRuleParts on AlertRule { id name statuses schedule email timeZone paused version filter owner { id displayName } }
`);

export const ALERT_ROW = graphql(`
  fragment AlertRow on Alert {
    id
    status
    since
    state
    snoozedUntil
    reason
    rule { id name }
    customer { id name }
    changedBy { id displayName }
  }
`);

export const ALERTS = graphql(`
  query Alerts($state: [AlertState!], $rule: [ID!], $first: Int!) {
    feedCursor
    alerts(state: $state, rule: $rule, first: $first) { totalCount nodes { ...AlertRow } }
  }
`);

export const ALERT_CHANGED = graphql(`
  subscription AlertChanged($after: String) {
    alertChanged(after: $after) { cursor alert { id state } }
  }
`);

export const ALERT_RULES = graphql(`
  query AlertRules {
    feedCursor
    alertRules { ...AlertRuleParts }
  }
`);

export const SAVE_ALERT_RULE = graphql(`
  mutation SaveAlertRule($input: SaveAlertRuleInput!) {
    saveAlertRule(input: $input) { rule { ...AlertRuleParts } userErrors { code message field } }
  }
`);

export const DELETE_ALERT_RULE = graphql(`
  mutation DeleteAlertRule($input: DeleteAlertRuleInput!) {
    deleteAlertRule(input: $input) { deletedId userErrors { code message field } }
  }
`);

export const ACKNOWLEDGE_ALERTS = graphql(`
  mutation AcknowledgeAlerts($input: AcknowledgeAlertsInput!) {
    acknowledgeAlerts(input: $input) { alerts { ...AlertRow } userErrors { code message field } }
  }
`);

export const SNOOZE_ALERTS = graphql(`
  mutation SnoozeAlerts($input: SnoozeAlertsInput!) {
    snoozeAlerts(input: $input) { alerts { ...AlertRow } userErrors { code message field } }
  }
`);
