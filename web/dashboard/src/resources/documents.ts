/** What the page of resources and help asks of the API. */
import { graphql } from "../gql";
import type { HelpdeskRequestsQuery, ResourceCardFragment } from "../gql/graphql";

export type ResourceCard = ResourceCardFragment;
export type RequestRow = NonNullable<HelpdeskRequestsQuery["helpdeskRequests"]>["nodes"][number];

export const RESOURCE_CARD = graphql(`
  fragment ResourceCard on Resource { id title summary url kind products updatedOn }
`);

export const CHOSEN_RESOURCES = graphql(`
  query ChosenResources {
    quick: resources(filter: { quickLink: true }, first: 8) { nodes { ...ResourceCard } }
    featured: resources(filter: { featured: true }, first: 6) { nodes { ...ResourceCard } }
  }
`);

export const RESOURCES = graphql(`
  query Resources($filter: ResourceFilter, $search: String, $first: Int!) {
    resources(filter: $filter, search: $search, first: $first) { totalCount nodes { ...ResourceCard } }
  }
`);

export const HELPDESK_REQUESTS = graphql(`
  query HelpdeskRequests($first: Int!) {
    feedCursor
    helpdesk { name phone email hours }
    helpdeskRequests(first: $first) {
      totalCount
      nodes { id topic subject message state createdAt closedAt customer { id name } createdBy { id displayName } }
    }
  }
`);

export const REQUEST_HELPDESK = graphql(`
  mutation RequestHelpdesk($input: RequestHelpdeskInput!) {
    requestHelpdesk(input: $input) {
      request { id }
      userErrors { code message field }
    }
  }
`);

export const CLOSE_HELPDESK_REQUEST = graphql(`
  mutation CloseHelpdeskRequest($input: CloseHelpdeskRequestInput!) {
    closeHelpdeskRequest(input: $input) {
      request { id state closedAt }
      userErrors { code message field }
    }
  }
`);
