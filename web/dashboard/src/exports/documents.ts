/** What the forms of exports ask of the API. */
import { graphql } from "../gql";

export const EXPORT_CUSTOMERS = graphql(`
  mutation ExportCustomers($input: ExportCustomersInput!) {
    exportCustomers(input: $input) { url userErrors { code message field } }
  }
`);

export const EXPORT_LICENSE_REPORT = graphql(`
  mutation ExportLicenseReport($input: ExportLicenseReportInput!) {
    exportLicenseReport(input: $input) { url userErrors { code message field } }
  }
`);

export const EXPORT_ACTIVITY = graphql(`
  mutation ExportActivity($input: ExportActivityInput!) {
    exportActivity(input: $input) { url userErrors { code message field } }
  }
`);
