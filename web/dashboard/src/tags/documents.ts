/** What the tab of tags asks of the API. */
import { graphql } from "../gql";
import type { TagPartsFragment } from "../gql/graphql";

export type FullTag = TagPartsFragment;

export const TAG_PARTS = graphql(`
  fragment TagParts on Tag {
    id
    name
    color
    description
    version
    rule
    customerCount
  }
`);

export const ALL_TAGS = graphql(`
  query AllTags($search: String) {
    feedCursor
    tags(search: $search) { ...TagParts }
  }
`);

export const ONE_TAG = graphql(`
  query OneTag($id: ID!) {
    node(id: $id) { ...TagParts }
  }
`);

/** How many customers a rule would give the tag. */
export const RULE_COUNT = graphql(`
  query RuleCount($filter: CustomerFilter) {
    customers(filter: $filter) { totalCount }
  }
`);

export const UPDATE_TAG = graphql(`
  mutation UpdateTag($input: UpdateTagInput!) {
    updateTag(input: $input) {
      tag { ...TagParts }
      job { id total }
      userErrors { code message field }
    }
  }
`);

export const DELETE_TAG = graphql(`
  mutation DeleteTag($input: DeleteTagInput!) {
    deleteTag(input: $input) {
      deletedId
      userErrors { code message field }
    }
  }
`);
