/** What the page of integrations asks of the API. */
import { graphql } from "../gql";
import type { WebhookDeliveriesQuery, WebhookRowFragment } from "../gql/graphql";

export type Webhook = WebhookRowFragment;
export type Deliveries = NonNullable<Extract<NonNullable<WebhookDeliveriesQuery["node"]>, { __typename: "Webhook" }>["deliveries"]>;
export type Delivery = Deliveries["nodes"][number];

export const WEBHOOK_ROW = graphql(`
  fragment WebhookRow on Webhook {
    id
    name
    url
    kinds
    statuses
    state
    version
    createdAt
    filter
    lagSeconds
    createdBy { id displayName }
  }
`);

export const WEBHOOKS = graphql(`
  query Webhooks {
    feedCursor
    webhooks { ...WebhookRow }
  }
`);

export const WEBHOOK_DELIVERIES = graphql(`
  query WebhookDeliveries($id: ID!, $state: [WebhookDeliveryState!], $first: Int!) {
    node(id: $id) {
      __typename
      ... on Webhook {
        ...WebhookRow
        deliveries(state: $state, first: $first) {
          pageInfo { hasNextPage }
          nodes { id state attempts attemptedAt responseStatus error milliseconds nextAttemptAt event { id kind summary } }
        }
      }
    }
  }
`);

export const CREATE_WEBHOOK = graphql(`
  mutation CreateWebhook($input: CreateWebhookInput!) {
    createWebhook(input: $input) { secret webhook { ...WebhookRow } userErrors { code message field } }
  }
`);

export const UPDATE_WEBHOOK = graphql(`
  mutation UpdateWebhook($input: UpdateWebhookInput!) {
    updateWebhook(input: $input) { webhook { ...WebhookRow } userErrors { code message field } }
  }
`);

export const DELETE_WEBHOOK = graphql(`
  mutation DeleteWebhook($input: DeleteWebhookInput!) {
    deleteWebhook(input: $input) { deletedId userErrors { code message field } }
  }
`);

export const ROTATE_SECRET = graphql(`
  mutation RotateWebhookSecret($input: RotateWebhookSecretInput!) {
    rotateWebhookSecret(input: $input) { secret webhook { ...WebhookRow } userErrors { code message field } }
  }
`);

export const TEST_WEBHOOK = graphql(`
  mutation TestWebhook($input: TestWebhookInput!) {
    testWebhook(input: $input) { delivery { id state responseStatus error milliseconds } userErrors { code message field } }
  }
`);

export const REPLAY_WEBHOOK = graphql(`
  mutation ReplayWebhook($input: ReplayWebhookInput!) {
    replayWebhook(input: $input) { webhook { ...WebhookRow } userErrors { code message field } }
  }
`);
