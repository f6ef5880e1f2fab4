/** A status: always its colour, its icon and its word; the reason on hover and focus. */
import type { CustomerStatus } from "../gql/graphql";
import { text } from "../texts/texts";
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

// Without hooks, as everything that each row of the long list has: the parent is drawn again with another language.
export function StatusLabel({ status }: { status: CustomerStatus }) {
  const name = statusIcon(status);
  return (
    <span className={`status status-${name}`}>
      <Icon name={name} width="12" height="12" />
      {text(`status.${status}`)}
    </span>
  );
}

/** As many as a row has lines. */
const SHOWN = 2;

/** The most urgent statuses, then how many more there are. */
export function StatusChips({ details }: { details: readonly StatusDetail[] }) {
  const rest = details.slice(SHOWN);
  return (
    <span className={rest.length > 0 ? "chips chips-more" : "chips"}>
      {details.slice(0, SHOWN).map(({ status, reason }) => (
        <span key={status} role="img" tabIndex={-1} aria-label={`${text(`status.${status}`)}: ${reason}`} data-tip={reason} className="status-focus">
          <StatusLabel status={status} />
        </span>
      ))}
      {rest.length > 0 && (
        <span className="status" data-tip={rest.map(({ reason }) => reason).join("\n")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}
