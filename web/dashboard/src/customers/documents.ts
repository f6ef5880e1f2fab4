/** What the customers page asks of the API. */
import { graphql } from "../gql";
import type { CustomerRowFragment } from "../gql/graphql";

export type CustomerRow = CustomerRowFragment;

export const CUSTOMER_ROW = graphql(`
  fragment CustomerRow on Customer {
    id
    externalId
    name
    sortName
    managedBy
    products
    urgency
    nextExpiryAt
    createdAt
    lastAdministratorSignInAt
    version
    statusDetails { status since reason }
    tags { id name color }
    licenses { product name total assigned used available overage }
  }
`);

export const CUSTOMERS = graphql(`
  query Customers($filter: CustomerFilter, $orderBy: CustomerOrder, $first: Int!, $after: String) {
    feedCursor
    customers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes { ...CustomerRow }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const CUSTOMER_COUNTS = graphql(`
  query CustomerCounts($filter: CustomerFilter) {
    customers(filter: $filter, first: 1) {
      totalCount
      facets {
        managedBy { value count }
        product { value count }
        status { value count }
        subscriptionType { value count }
        tag { value { id name color } count }
        administrator { value { id } count }
        country { value count }
        invoiceState { value count }
      }
    }
  }
`);

export const COUNTRIES_OF_CUSTOMERS = graphql(`
  query CountriesOfCustomers {
    customers(first: 1) { facets { country { value } } }
  }
`);

/** The totals of up to five filters: of the values of a chip. */
export const COUNTS_OF_VALUES = graphql(`
  query CountsOfValues($one: CustomerFilter, $two: CustomerFilter, $three: CustomerFilter, $four: CustomerFilter, $five: CustomerFilter) {
    one: customers(filter: $one, first: 1) { totalCount }
    two: customers(filter: $two, first: 1) { totalCount }
    three: customers(filter: $three, first: 1) { totalCount }
    four: customers(filter: $four, first: 1) { totalCount }
    five: customers(filter: $five, first: 1) { totalCount }
  }
`);

export const CUSTOMER_LIST_CHANGED = graphql(`
  subscription CustomerListChanged($filter: CustomerFilter, $after: String) {
    customerListChanged(filter: $filter, after: $after) {
      cursor
      kind
      customerId
      customer { ...CustomerRow }
    }
  }
`);

export const ADMINISTRATOR_NAMES = graphql(`
  query AdministratorNames {
    administrators(first: 200) { nodes { id displayName } }
  }
`);

export const TAGS = graphql(`
  query Tags($search: String) {
    tags(search: $search) { id name color customerCount rule }
  }
`);

export const CREATE_TAG = graphql(`
  mutation CreateTag($input: CreateTagInput!) {
    createTag(input: $input) {
      tag { id name color }
      userErrors { code message field }
    }
  }
`);

export const ASSIGN_TAGS = graphql(`
  mutation AssignTags($input: AssignTagsInput!) {
    assignTags(input: $input) {
      changed
      skipped
      customers { id version tags { id name color } }
      job { id total }
      userErrors { code message field }
    }
  }
`);

export const REMOVE_TAGS = graphql(`
  mutation RemoveTags($input: RemoveTagsInput!) {
    removeTags(input: $input) {
      changed
      skipped
      customers { id version tags { id name color } }
      job { id total }
      userErrors { code message field }
    }
  }
`);

/** Another name or color of a tag is no change of the customers that have it. */
export const TAG_CHANGED = graphql(`
  subscription TagChanged($after: String) {
    tagChanged(after: $after) { cursor tagId tag { id name color } }
  }
`);

export const BULK_JOB = graphql(`
  subscription BulkJobProgress($id: ID!) {
    bulkJob(id: $id) { id state total done changed skipped }
  }
`);

export const LAUNCH_CUSTOMER = graphql(`
  mutation LaunchCustomer($input: LaunchCustomerInput!) {
    launchCustomer(input: $input) {
      url
      userErrors { code message field }
    }
  }
`);

export const VIEWS = graphql(`
  query CustomerViews {
    customerViews { id name shared version filter owner { id displayName } }
  }
`);

export const SAVE_VIEW = graphql(`
  mutation SaveCustomerView($input: SaveCustomerViewInput!) {
    saveCustomerView(input: $input) {
      view { id name shared version filter owner { id displayName } }
      userErrors { code message field }
    }
  }
`);

export const DELETE_VIEW = graphql(`
  mutation DeleteCustomerView($input: DeleteCustomerViewInput!) {
    deleteCustomerView(input: $input) {
      deletedId
      userErrors { code message field }
    }
  }
`);
