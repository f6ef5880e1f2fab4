/** Finding one customer: a field with the first matches below it, which the arrow keys and Enter choose. */
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { graphql } from "../gql";
import { FieldError, useErrorId } from "./form";
import "./customer_search.css";

const FOUND_CUSTOMERS = graphql(`
  query FoundCustomers($search: String!) {
    customers(filter: { search: $search }, first: 8) { nodes { id name externalId } }
  }
`);

const TYPING_MILLISECONDS = 150;

export interface FoundCustomer {
  id: string;
  name: string;
}

interface Props {
  label: string;
  onChoose(customer: FoundCustomer): void;
  autoFocus?: boolean;
  error?: string | undefined;
}

export function CustomerSearch({ label, onChoose, autoFocus = false, error }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const [errorId, described] = useErrorId(error);
  const [text, setText] = useState("");
  const search = useLater(text.trim());
  const [active, setActive] = useState(0);
  const [{ data, fetching }] = useQuery({ query: FOUND_CUSTOMERS, variables: { search }, pause: !search });
  const found = search ? (data?.customers?.nodes ?? []) : [];
  const place = Math.min(active, found.length - 1);
  const choose = (customer: FoundCustomer | undefined) => {
    if (!customer) return;
    setText("");
    onChoose(customer);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setActive(Math.min(place + 1, found.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(place - 1, 0));
    else if (event.key === "Enter" && search) choose(found[place]);
    else return;
    event.preventDefault();
  };
  return (
    <div className="field customer-search">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${place}` : undefined}
        aria-autocomplete="list"
        aria-invalid={error !== undefined}
        {...described}
        autoComplete="off"
        autoFocus={autoFocus}
        maxLength={100}
        placeholder={t("filter.search")}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={label} hidden={found.length === 0}>
        {found.map((customer, index) => (
          <li
            key={customer.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === place}
            className="menu-item"
            data-focused={index === place || undefined}
            onPointerEnter={() => setActive(index)}
            onClick={() => choose(customer)}
          >
            {customer.name}
            <span className="menu-item-end small">{customer.externalId}</span>
          </li>
        ))}
      </ul>
      <p role="status" className="secondary small">
        {search && !fetching && found.length === 0 ? t("customers.noMatch") : ""}
      </p>
      <FieldError id={errorId} text={error} />
    </div>
  );
}

/** The value after a pause in typing. */
function useLater(value: string): string {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [value]);
  return later;
}
