/** The chips of conditions that have no facets: administrator, country, state of the invoice. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { FilterChip } from "../ui/filter_chip";
import { useFormats } from "../ui/formats";
import { COUNTRIES } from "./countries";
import { ADMINISTRATOR_NAMES } from "./documents";
import type { useListState } from "./filters";

interface Props {
  state: ReturnType<typeof useListState>;
}

const INVOICE_STATES = ["OPEN", "PAID", "OVERDUE"];

export function MoreChips({ state }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <AdministratorChip state={state} />
      <CountryChip state={state} />
      <FilterChip
        label={t("filter.invoiceState")}
        chosen={state.parameters.getAll("invoiceState")}
        values={INVOICE_STATES.map((id) => ({ id, text: t(`invoice.${id}`) }))}
        onChoose={(values) => state.setValues("invoiceState", values)}
      />
    </>
  );
}

function AdministratorChip({ state }: Props) {
  const { t } = useTranslation();
  const chosen = state.parameters.getAll("administrator");
  // Read when somebody is about to choose: the list itself does not need it.
  const [isNear, setNear] = useState(false);
  const [{ data }] = useQuery({ query: ADMINISTRATOR_NAMES, pause: !isNear && chosen.length === 0 });
  const values = (data?.administrators?.nodes ?? []).map(({ id, displayName }) => ({ id, text: displayName }));
  return (
    <span className="chip-area" onPointerEnter={() => setNear(true)} onFocus={() => setNear(true)}>
      <FilterChip label={t("filter.administrator")} chosen={chosen} values={values} onChoose={(ids) => state.setValues("administrator", ids)} />
    </span>
  );
}

function CountryChip({ state }: Props) {
  const { t, i18n } = useTranslation();
  const { country } = useFormats();
  const values = useMemo(
    () => COUNTRIES.map((id) => ({ id, text: country(id) })).sort((one, other) => one.text.localeCompare(other.text, i18n.language)),
    [country, i18n.language],
  );
  return <FilterChip label={t("filter.country")} chosen={state.parameters.getAll("country")} values={values} onChoose={(ids) => state.setValues("country", ids)} />;
}
