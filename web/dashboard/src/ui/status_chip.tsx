/** A status: always its colour, its icon and its word; the reason on hover and focus. */
import { Focusable, Tooltip, TooltipTrigger } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { CustomerStatus } from "../gql/graphql";
import { Icon, type IconName } from "./icons";
import "./chips.css";

export interface StatusDetail {
  status: CustomerStatus;
  since: string;
  reason: string;
}

export function statusIcon(status: CustomerStatus): IconName {
  return status.toLowerCase().replaceAll("_", "-") as IconName;
}

export function StatusLabel({ status }: { status: CustomerStatus }) {
  const { t } = useTranslation();
  return (
    <span className={`status status-${statusIcon(status)}`}>
      <Icon name={statusIcon(status)} width="12" height="12" />
      {t(`status.${status}`)}
    </span>
  );
}

export function StatusChip({ detail }: { detail: StatusDetail }) {
  return (
    <TooltipTrigger delay={300}>
      <Focusable>
        <span role="img" tabIndex={-1} aria-label={detail.reason} className="status-focus">
          <StatusLabel status={detail.status} />
        </span>
      </Focusable>
      <Tooltip className="tooltip" offset={4}>
        {detail.reason}
      </Tooltip>
    </TooltipTrigger>
  );
}

const SHOWN = 3;

/** The most urgent statuses, then how many more there are. */
export function StatusChips({ details }: { details: readonly StatusDetail[] }) {
  const rest = details.slice(SHOWN);
  return (
    <span className="chips">
      {details.slice(0, SHOWN).map((detail) => (
        <StatusChip key={detail.status} detail={detail} />
      ))}
      {rest.length > 0 && (
        <span className="status" title={rest.map(({ reason }) => reason).join("\n")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}
