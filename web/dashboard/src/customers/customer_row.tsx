/** One customer in the table. Rows come with every frame of scrolling, so a row has one hook and nothing of its own. */
import type { TFunction } from "i18next";
import { memo, type MouseEvent, useMemo } from "react";
import { text } from "../texts/texts";
import type { Formats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { LicenseBar, sumLicenses } from "../ui/license_bar";
import { StatusChips } from "../ui/status_chip";
import { TagLabel } from "../ui/tag_label";
import type { CustomerRow } from "./documents";
import { HIGHLIGHT_MILLISECONDS } from "./live_customers";

/** What all rows share; another object of it draws all of them again. */
export interface RowView {
  t: TFunction;
  formats: Formats;
  canTag: boolean;
  onToggle(id: string): void;
  onOpen(id: string): void;
  onTag(ids: readonly string[]): void;
  onMenu(customer: CustomerRow, button: HTMLElement): void;
}

interface Props {
  view: RowView;
  customer: CustomerRow;
  index: number;
  top: number;
  isSelected: boolean;
  isActive: boolean;
  changedAt: number | undefined;
}

const SHOWN_TAGS = 2;

export const CustomerTableRow = memo(function CustomerTableRow({ view, customer, index, top, isSelected, isActive, changedAt }: Props) {
  const { t, formats } = view;
  // A row that scrolls into view is not new: only a change of the last moment is highlighted.
  const enteredAt = useMemo(Date.now, [customer.id]);
  const isChanged = changedAt !== undefined && changedAt > enteredAt - HIGHLIGHT_MILLISECONDS;
  const { id, name, externalId, products, nextExpiryAt, lastAdministratorSignInAt: signInAt } = customer;
  return (
    <div role="row" aria-rowindex={index + 2} aria-selected={isSelected} data-customer={id} data-active={isActive || undefined} className="table-row table-data" style={{ top }}>
      {isChanged && <span key={changedAt} className="row-changed" aria-hidden="true" />}
      <div role="gridcell" className="cell cell-select">
        <input type="checkbox" checked={isSelected} tabIndex={-1} aria-label={t("customers.select", { name })} onChange={() => view.onToggle(id)} />
      </div>
      <div role="gridcell" className="cell cell-name">
        <a href={`/customers/${id}`} className="customer-name" tabIndex={-1} title={name} onClick={(event) => follow(event, () => view.onOpen(id))}>
          {name}
        </a>
        <br />
        <span className="secondary small">{externalId === id ? t("customers.createdHere") : externalId}</span>
      </div>
      <div role="gridcell" className="cell cell-status">
        <StatusChips details={customer.statusDetails} />
      </div>
      <div role="gridcell" className="cell cell-products small">
        {products.map((product) => text(`product.${product}`)).join(", ")}
      </div>
      <div role="gridcell" className="cell cell-licenses">
        <LicenseBar figures={sumLicenses(customer.licenses)} />
      </div>
      <div role="gridcell" className="cell cell-nextExpiry numbers" title={formats.date(nextExpiryAt)}>
        {formats.relative(nextExpiryAt)}
      </div>
      <div role="gridcell" className="cell cell-lastSignIn numbers" title={formats.date(signInAt)}>
        {signInAt ? formats.relative(signInAt) : text("customers.never")}
      </div>
      <div role="gridcell" className="cell cell-tags">
        <Tags view={view} customer={customer} />
      </div>
      <div role="gridcell" className="cell cell-actions">
        <button
          type="button"
          className="button button-quiet button-icon"
          tabIndex={-1}
          aria-label={t("customers.actions", { name })}
          aria-haspopup="menu"
          onClick={({ currentTarget }) => view.onMenu(customer, currentTarget)}
        >
          <Icon name="more" />
        </button>
      </div>
    </div>
  );
});

/** Lets the browser open a link in another tab or window where the person asks for that. */
function follow(event: MouseEvent, open: () => void): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open();
}

function Tags({ view, customer }: { view: RowView; customer: CustomerRow }) {
  const { t, canTag, onTag } = view;
  const { id, name, tags } = customer;
  const labels = (
    <>
      {tags.slice(0, SHOWN_TAGS).map((tag) => [<TagLabel key={tag.id} tag={tag} />, " "])}
      {tags.length > SHOWN_TAGS && <span className="status">+{tags.length - SHOWN_TAGS}</span>}
    </>
  );
  if (!canTag) return labels;
  // It has what is to be seen, in the same words and order.
  const shown = tags.slice(0, SHOWN_TAGS).map((tag) => tag.name);
  const label = [t("tags.edit", { name }), ...shown, tags.length > SHOWN_TAGS ? `+${tags.length - SHOWN_TAGS}` : ""].join(" ").trim();
  return (
    <button type="button" className={tags.length > SHOWN_TAGS ? "tags-button tags-more" : "tags-button"} tabIndex={-1} aria-label={label} onClick={() => onTag([id])}>
      {tags.length ? labels : <span className="tags-add secondary small">{text("tags.add")}</span>}
    </button>
  );
}
