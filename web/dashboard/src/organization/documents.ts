/** What the page of the organization asks of the API. */
import { graphql } from "../gql";
import type { AdministratorsQuery, OrganizationQuery } from "../gql/graphql";

export type Partner = OrganizationQuery["viewer"]["partner"];
export type Administrator = NonNullable<AdministratorsQuery["administrators"]>["nodes"][number];

export const ORGANIZATION_PARTS = graphql(`
  fragment OrganizationParts on PartnerOrganization {
    id
    name
    country
    contactEmail
    createdAt
    services { product enabled customers }
    settings { expiringSoonDays noRecentActivityDays trialDays version }
    setup {
      state
      termsVersion
      termsAcceptedAt
      termsAcceptedBy { id displayName }
      terms { version url text }
      plan { product licenses }
      steps { key title completedAt }
      nextStep { key title }
    }
  }
`);

export const ORGANIZATION = graphql(`
  query Organization {
    feedCursor
    viewer { partner { ...OrganizationParts } }
  }
`);

export const ACCEPT_TERMS = graphql(`
  mutation AcceptTerms($input: AcceptTermsInput!) {
    acceptTerms(input: $input) { partner { ...OrganizationParts } userErrors { code message field } }
  }
`);

export const COMPLETE_STEP = graphql(`
  mutation CompleteSetupStep($input: CompleteSetupStepInput!) {
    completeSetupStep(input: $input) { partner { ...OrganizationParts } userErrors { code message field } }
  }
`);

export const UPDATE_ORGANIZATION = graphql(`
  mutation UpdateOrganization($input: UpdateOrganizationInput!) {
    updateOrganization(input: $input) { partner { ...OrganizationParts } userErrors { code message field } }
  }
`);

export const SET_SERVICE = graphql(`
  mutation SetService($input: SetServiceInput!) {
    setService(input: $input) { partner { ...OrganizationParts } userErrors { code message field } }
  }
`);

export const CHANGE_SETTINGS = graphql(`
  mutation ChangeSettings($input: ChangeSettingsInput!) {
    changeSettings(input: $input) { partner { ...OrganizationParts } job { id total } userErrors { code message field } }
  }
`);

/** How many customers a new threshold would concern. */
export const AFFECTED = graphql(`
  query AffectedCustomers($expires: CustomerFilter, $inactive: CustomerFilter) {
    expiring: customers(filter: $expires) { totalCount }
    inactive: customers(filter: $inactive) { totalCount }
  }
`);

export const ADMINISTRATORS = graphql(`
  query Administrators($search: String, $role: [PartnerRole!], $first: Int!) {
    feedCursor
    administrators(search: $search, role: $role, first: $first) {
      totalCount
      nodes { id displayName email role state seesAllCustomers lastSignInAt version }
    }
  }
`);

export const ASSIGNED_CUSTOMERS = graphql(`
  query AssignedCustomers($id: ID!) {
    node(id: $id) { ... on PartnerAdministrator { id customers(first: 1) { totalCount } } }
  }
`);

export const INVITE = graphql(`
  mutation InviteAdministrator($input: InviteAdministratorInput!) {
    inviteAdministrator(input: $input) { administrator { id } userErrors { code message field } }
  }
`);

export const CHANGE = graphql(`
  mutation ChangeAdministrator($input: ChangeAdministratorInput!) {
    changeAdministrator(input: $input) {
      droppedAssignments
      administrator { id displayName role seesAllCustomers version }
      userErrors { code message field }
    }
  }
`);

export const REMOVE = graphql(`
  mutation RemoveAdministrator($input: RemoveAdministratorInput!) {
    removeAdministrator(input: $input) { administrator { id } userErrors { code message field } }
  }
`);

export const ROLES = graphql(`
  query Roles {
    roles { role description permissions seesAllCustomers }
  }
`);
