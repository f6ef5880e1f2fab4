/** Opening the console of the partner's own organization in a new tab. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { graphql } from "../gql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { Icon } from "../ui/icons";
import { openInTab } from "../ui/open_tab";

const LAUNCH_ORGANIZATION = graphql(`
  mutation LaunchOrganization($input: LaunchOrganizationInput!) {
    launchOrganization(input: $input) {
      url
      userErrors { code message field }
    }
  }
`);

export function LaunchOrganization() {
  const { t } = useTranslation();
  const client = useClient();
  const canLaunch = usePermission("LAUNCH_ORGANIZATION");
  const [problem, setProblem] = useState("");
  if (!canLaunch) return null;
  const launch = async () => {
    const found = await openInTab(async () => {
      const { data, error } = await client.mutation(LAUNCH_ORGANIZATION, { input: { idempotencyKey: crypto.randomUUID() } }).toPromise();
      return { url: data?.launchOrganization?.url, userErrors: data?.launchOrganization?.userErrors, error };
    });
    setProblem(found ?? "");
  };
  return (
    <span className="launch-organization">
      <Button onPress={() => void launch()}>
        <Icon name="launch" />
        <span>{t("navigation.launch")}</span>
      </Button>
      {problem && (
        <span className="field-error" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
