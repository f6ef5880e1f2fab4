/** What the page of one customer asks of the API. */
import { graphql } from "../gql";
import type { CustomerHeadFragment, CustomerSubscriptionsQuery, CustomerTrialsQuery } from "../gql/graphql";

export type CustomerHead = CustomerHeadFragment;
export type SubscriptionCard = NonNullable<CustomerSubscriptionsQuery["customer"]>["subscriptions"][number];
export type TrialCard = NonNullable<CustomerTrialsQuery["customer"]>["trials"][number];

export const CUSTOMER_HEAD = graphql(`
  fragment CustomerHead on Customer {
    id
    externalId
    name
    domain
    country
    managedBy
    version
    createdAt
    lastAdministratorSignInAt
    statusDetails { status since reason }
    tags { id name color }
    licenses { product name total assigned used available overage }
  }
`);

export const CUSTOMER = graphql(`
  query Customer($id: ID!) {
    feedCursor
    customer(by: { id: $id }) { ...CustomerHead }
  }
`);

/** Any change of the customer: the page then reads again what it shows. */
export const CUSTOMER_CHANGED = graphql(`
  subscription CustomerChanged($search: String!, $after: String) {
    customerListChanged(filter: { search: $search }, after: $after) { cursor kind customerId customer { id version name } }
  }
`);

export const SUBSCRIPTIONS = graphql(`
  query CustomerSubscriptions($id: ID!) {
    customer(by: { id: $id }) {
      id
      subscriptions(includeEnded: true) {
        id
        number
        state
        startsAt
        endsAt
        renewsAt
        autoRenew
        termMonths
        daysRemaining
        version
        licenses { product name total assigned used available overage }
        invoice { id number state dueOn total { amount currency } }
        orders(first: 20) {
          nodes { id number kind placedAt total { amount currency } lines { product name quantity } }
          pageInfo { hasNextPage }
        }
      }
    }
  }
`);

export const TRIALS = graphql(`
  query CustomerTrials($id: ID!) {
    customer(by: { id: $id }) {
      id
      trials(includeEnded: true) {
        id
        number
        state
        startsAt
        endsAt
        daysRemaining
        version
        endedEarlyAt
        startedBy { id displayName }
        licenses { product name total assigned used available overage }
        extensions { at days by { id displayName } }
        convertedTo { id number }
      }
    }
  }
`);

export const COMPLETE_ORDER_SETUP = graphql(`
  mutation CompleteOrderSetup($input: CompleteOrderSetupInput!) {
    completeOrderSetup(input: $input) { subscription { id state version } userErrors { code message field } }
  }
`);

export const EXTEND_TRIAL = graphql(`
  mutation ExtendTrial($input: ExtendTrialInput!) {
    extendTrial(input: $input) { trial { id endsAt version } userErrors { code message field } }
  }
`);

export const CHANGE_TRIAL = graphql(`
  mutation ChangeTrial($input: ChangeTrialInput!) {
    changeTrial(input: $input) { trial { id version } userErrors { code message field } }
  }
`);

export const END_TRIAL = graphql(`
  mutation EndTrial($input: EndTrialInput!) {
    endTrial(input: $input) { trial { id state version } userErrors { code message field } }
  }
`);

export const CONVERT_TRIAL = graphql(`
  mutation ConvertTrial($input: ConvertTrialInput!) {
    convertTrial(input: $input) { subscription { id number } trial { id state version } userErrors { code message field } }
  }
`);

export const ASSIGNMENTS = graphql(`
  query CustomerAssignments($id: ID!) {
    customer(by: { id: $id }) {
      id
      assignments {
        administrator { id displayName email role }
        assignedAt
        assignedBy { id displayName }
        expiresAt
      }
    }
  }
`);

export const ASSIGNABLE = graphql(`
  query AssignableAdministrators($search: String) {
    administrators(role: [ADMINISTRATOR], search: $search, first: 50) { nodes { id displayName email } }
  }
`);

export const ASSIGN_ADMINISTRATOR = graphql(`
  mutation AssignAdministrator($input: AssignAdministratorInput!) {
    assignAdministrator(input: $input) { administrator { id } userErrors { code message field } }
  }
`);

export const UNASSIGN_ADMINISTRATOR = graphql(`
  mutation UnassignAdministrator($input: UnassignAdministratorInput!) {
    unassignAdministrator(input: $input) { administrator { id } userErrors { code message field } }
  }
`);

export const ACTIVITY = graphql(`
  query CustomerActivity($filter: ActivityFilter, $after: String) {
    activity(filter: $filter, first: 50, after: $after) {
      nodes { id kind at summary actor { id displayName } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const UPDATE_CUSTOMER = graphql(`
  mutation UpdateCustomer($input: UpdateCustomerInput!) {
    updateCustomer(input: $input) { customer { ...CustomerHead } userErrors { code message field } }
  }
`);

export const CUSTOMER_TRENDS = graphql(`
  query CustomerTrends($id: ID!) {
    customer(by: { id: $id }) {
      id
      meetings: licenseTrend(product: MEETINGS, weeks: 12) { weekStart total assigned used available }
      calling: licenseTrend(product: CALLING, weeks: 12) { weekStart total assigned used available }
      callingTrend(weeks: 8) { weekStart activeUsers licensedUsers calls minutes poorPercent }
    }
  }
`);
