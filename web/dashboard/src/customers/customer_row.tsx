/** One customer in the table. */
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { usePermission } from "../session/viewer";
import { useFormats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { LicenseBar, sumLicenses } from "../ui/license_bar";
import { MenuButton, type MenuEntry } from "../ui/menu_button";
import { StatusChips } from "../ui/status_chip";
import { TagLabel } from "../ui/tag_label";
import type { CustomerRow } from "./documents";
import { useLaunch } from "./launch";

interface Props {
  customer: CustomerRow;
  index: number;
  top: number;
  isSelected: boolean;
  isActive: boolean;
  changedAt: number | undefined;
  onToggle(id: string): void;
  onOpen(id: string): void;
  onTag(ids: readonly string[]): void;
}

const SHOWN_TAGS = 2;
const HIGHLIGHT_MILLISECONDS = 1_500;

export const CustomerTableRow = memo(
  function CustomerTableRow({ customer, index, top, isSelected, isActive, changedAt, onToggle, onTag }: Props) {
    const { t } = useTranslation();
    const { date, relative } = useFormats();
    // A row that scrolls into view is not new: only a change of the last moment is highlighted.
    const [mountedAt] = useState(() => Date.now());
    const isChanged = changedAt !== undefined && changedAt > mountedAt - HIGHLIGHT_MILLISECONDS;
    return (
      <div
        role="row"
        aria-rowindex={index + 2}
        aria-selected={isSelected}
        data-active={isActive || undefined}
        className="table-row table-data"
        style={{ transform: `translateY(${top}px)` }}
      >
        {isChanged && <span key={changedAt} className="row-changed" aria-hidden="true" />}
        <div role="gridcell" className="cell cell-select">
          <input
            type="checkbox"
            checked={isSelected}
            tabIndex={-1}
            aria-label={t("customers.select", { name: customer.name })}
            onChange={() => onToggle(customer.id)}
          />
        </div>
        <div role="gridcell" className="cell cell-name">
          <Link to={`/customers/${customer.id}`} className="customer-name" tabIndex={-1} title={customer.name}>
            {customer.name}
          </Link>
          <span className="secondary small">{customer.externalId}</span>
        </div>
        <div role="gridcell" className="cell cell-status">
          <StatusChips details={customer.statusDetails} />
        </div>
        <div role="gridcell" className="cell cell-products small">
          {customer.products.map((product) => t(`product.${product}`)).join(", ")}
        </div>
        <div role="gridcell" className="cell cell-licenses">
          <LicenseBar figures={sumLicenses(customer.licenses)} />
        </div>
        <div role="gridcell" className="cell cell-nextExpiry numbers" title={date(customer.nextExpiryAt)}>
          {relative(customer.nextExpiryAt)}
        </div>
        <div role="gridcell" className="cell cell-lastSignIn numbers" title={date(customer.lastAdministratorSignInAt)}>
          {customer.lastAdministratorSignInAt ? relative(customer.lastAdministratorSignInAt) : t("customers.never")}
        </div>
        <div role="gridcell" className="cell cell-tags">
          <Tags customer={customer} onTag={onTag} />
        </div>
        <div role="gridcell" className="cell cell-actions">
          <RowActions customer={customer} onTag={onTag} />
        </div>
      </div>
    );
  },
  (before, after) =>
    before.customer === after.customer &&
    before.index === after.index &&
    before.top === after.top &&
    before.isSelected === after.isSelected &&
    before.isActive === after.isActive &&
    before.changedAt === after.changedAt,
);

function Tags({ customer, onTag }: { customer: CustomerRow; onTag: Props["onTag"] }) {
  const { t } = useTranslation();
  const canEdit = usePermission("EDIT_TAGS");
  const { tags } = customer;
  const labels = (
    <>
      {tags.slice(0, SHOWN_TAGS).map((tag) => (
        <TagLabel key={tag.id} tag={tag} />
      ))}
      {tags.length > SHOWN_TAGS && <span className="status">+{tags.length - SHOWN_TAGS}</span>}
    </>
  );
  if (!canEdit) return labels;
  return (
    <button
      type="button"
      className="tags-button"
      tabIndex={-1}
      onClick={() => onTag([customer.id])}
    >
      <span className="only-for-readers">{t("tags.edit", { name: customer.name })}</span>
      {tags.length ? labels : <span className="tags-add secondary small">{t("tags.add")}</span>}
    </button>
  );
}

function RowActions({ customer, onTag }: { customer: CustomerRow; onTag: Props["onTag"] }) {
  const { t } = useTranslation();
  const launch = useLaunch();
  const canEdit = usePermission("EDIT_TAGS");
  const canLaunch = usePermission("LAUNCH_CUSTOMER");
  const { id } = customer;
  const label = t("customers.actions", { name: customer.name });
  const entries = () => {
    const actions: MenuEntry[] = [{ id: "open", text: t("customers.open"), href: `/customers/${id}` }];
    if (canEdit) actions.push({ id: "tags", text: t("tags.editShort"), onAction: () => onTag([id]) });
    if (canLaunch) actions.push({ id: "launch", text: t("customers.launch"), onAction: () => void launch(id) });
    return actions;
  };
  return (
    <MenuButton className="button button-quiet button-icon" label={label} isIcon placement="bottom end" groups={() => [{ id: "actions", entries: entries() }]}>
      <Icon name="more" />
    </MenuButton>
  );
}
