/** The head of a customer's page: name, ids, tags, launch, and every status with its reason and since when. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { listAddress } from "../customers/last_list";
import { useLaunch } from "../customers/launch";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { useFormats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { StatusLabel } from "../ui/status_chip";
import { TagLabel } from "../ui/tag_label";
import type { CustomerHead } from "./documents";
import { EditCustomerDialog } from "./edit_customer_dialog";

interface Props {
  customer: CustomerHead;
  onTag(): void;
  onChanged(): void;
}

export function CustomerHeader({ customer, onTag, onChanged }: Props) {
  const { t } = useTranslation();
  const { country, date, relative } = useFormats();
  const canTag = usePermission("EDIT_TAGS");
  const canLaunch = usePermission("LAUNCH_CUSTOMER");
  // Without an id of the ordering system it was created here. What was delivered is changed by deliveries only.
  const isOurs = customer.externalId === customer.id;
  const canEdit = usePermission("MANAGE_TRIALS") && isOurs;
  const launch = useLaunch();
  const [problem, setProblem] = useState("");
  const [isEditing, setEditing] = useState(false);
  const facts = [
    !isOurs && customer.externalId,
    t(`managedBy.${customer.managedBy}`),
    customer.domain,
    customer.country && country(customer.country),
    t("customer.since", { date: date(customer.createdAt) }),
  ];
  return (
    <header className="customer-head">
      <p>
        <Link to={listAddress()} className="small">
          ← {t("customers.title")}
        </Link>
      </p>
      <div className="customer-title">
        <h1>{customer.name}</h1>
        <div className="customer-actions">
          {canEdit && <Button onPress={() => setEditing(true)}>{t("customer.edit")}</Button>}
          {canLaunch && (
            <Button kind="primary" onPress={() => void launch(customer.id).then((found) => setProblem(found ?? ""))}>
              <Icon name="launch" />
              {t("customers.launch")}
            </Button>
          )}
        </div>
      </div>
      <p className="secondary">{facts.filter(Boolean).join(" · ")}</p>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <div className="customer-tags">
        {customer.tags.map((tag) => (
          <TagLabel key={tag.id} tag={tag} />
        ))}
        {canTag && (
          <Button kind="quiet" className="small" onPress={onTag}>
            {t("tags.add")}
          </Button>
        )}
      </div>
      <ul className="status-details">
        {customer.statusDetails.map(({ status, reason, since }) => (
          <li key={status}>
            <StatusLabel status={status} />
            <span>{reason}</span>
            <span className="secondary small" title={date(since)}>
              {t("customer.statusSince", { when: relative(since) })}
            </span>
          </li>
        ))}
      </ul>
      {isEditing && <EditCustomerDialog customer={customer} onClose={() => setEditing(false)} onChanged={onChanged} />}
    </header>
  );
}
