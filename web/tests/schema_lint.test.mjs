// node schema_lint.test.mjs SCHEMA: lints a schema with all rules of graphql-eslint's sets schema-recommended and
// schema-relay, and reports what is not among the exceptions below, and exceptions that nothing needs.
import { readFileSync } from "node:fs";
import graphql from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

const [file] = process.argv.slice(2);

// These types have no id, because they are no objects of their own.
const WITHOUT_ID = {
  suffixes: [
    "Connection", "Edge", // the shape of a page
    "Payload", // the answer of one mutation
    "Change", // a message of a feed
    "Count", "Point", "Report", "Row", "Use", "Usage", "Quality", "Queue", "Insights", "Month", // figures
  ],
  types: [
    // The roots, and what exists once for a viewer.
    "Query", "Mutation", "Subscription", "Viewer", "Helpdesk", "PageInfo",
    "CallingEngagement", "LicenseAnalytics", "PartnerKpis", "Kpi", "CustomerFacets",
    // Values that are part of the object around them.
    "CustomerAssignment", "CustomerStatusDetail", "StatusReasonArguments", "LicenseLine", "Money", "OrderLine",
    "TrialExtension", "OrganizationSetup", "PartnerService", "PartnerSettings", "PlanItem", "SetupStep", "Terms",
    "RolePermissions", "ActivityFieldChange", "UserError", "RightSizing",
  ],
};
const SETTINGS = {
  "@graphql-eslint/strict-id-in-types": { exceptions: WITHOUT_ID },
  "@graphql-eslint/relay-edge-types": {
    // Short lists with a fixed limit are plain lists, and each connection also offers its items as `nodes`.
    listTypeCanWrapOnlyEdgeType: false,
    // Rows of figures are no objects: only their customer or entitlement is a Node.
    shouldImplementNode: false,
  },
};
// Single reports that stay, with the reason.
const EXCEPTIONS = {
  'Description is required for directive "oneOf"': "A directive of GraphQL itself, which Strawberry prints.",
};

const { configs } = graphql;
const rules = { ...configs["flat/schema-recommended"].rules, ...configs["flat/schema-relay"].rules };
for (const [rule, options] of Object.entries(SETTINGS)) {
  if (!(rule in rules)) throw new Error(`${rule} is no longer in the sets.`);
  rules[rule] = ["error", options];
}
const languageOptions = { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: file } } };
const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: [{ files: ["**/*.graphql"], languageOptions, plugins: { "@graphql-eslint": graphql }, rules }],
});
const [{ messages }] = await eslint.lintText(readFileSync(file, "utf8"), { filePath: "schema.graphql" });
const faults = messages.filter(({ message }) => !(message in EXCEPTIONS));
const unneeded = Object.keys(EXCEPTIONS).filter((text) => !messages.some(({ message }) => message === text));
for (const { line, ruleId, message } of faults) console.error(`${line}: ${message.replaceAll("\n", " ")} (${ruleId})`);
for (const text of unneeded) console.error(`Nothing needs the exception ${text}`);
process.exit(faults.length + unneeded.length > 0 ? 1 : 0);
