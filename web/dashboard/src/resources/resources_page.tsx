/** Resources and help: quick links, what is featured, everything else by search and filters, and the helpdesk. */
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import type { Product, ResourceFilter, ResourceKind } from "../gql/graphql";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { FilterChip } from "../ui/filter_chip";
import { useFormats } from "../ui/formats";
import { SearchBox } from "../ui/search_box";
import { CHOSEN_RESOURCES, type ResourceCard, RESOURCES } from "./documents";
import { HelpdeskSection } from "./helpdesk_section";
import "../customer/customer.css";
import "./resources.css";

const KINDS: readonly ResourceKind[] = ["GUIDE", "TRAINING", "VIDEO", "RELEASE_NOTE"];
const PRODUCTS: readonly Product[] = ["MEETINGS", "CALLING", "MESSAGING", "REAL_TIME_TRANSLATIONS", "WEBINARS", "EVENTS", "CONTACT_CENTER", "DEVICES"];
const PAGE_SIZE = 12;
const MOST = 192;

export default function ResourcesPage() {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: CHOSEN_RESOURCES });
  return (
    <div className="customer">
      <h1>{t("navigation.resources")}</h1>
      <QuickLinks links={data?.quick?.nodes} />
      <Featured resources={data?.featured?.nodes} />
      <ResourceList />
      <HelpdeskSection />
    </div>
  );
}

function QuickLinks({ links }: { links: readonly ResourceCard[] | undefined }) {
  const { t } = useTranslation();
  if (links?.length === 0) return null;
  return (
    <section className="resource-section" aria-label={t("resources.quickLinks")}>
      <h2>{t("resources.quickLinks")}</h2>
      <ul className="quick-links">
        {links?.map(({ id, title, url }) => (
          <li key={id}>
            <a className="quick-link" href={url} target="_blank" rel="noreferrer">
              {title} <span aria-hidden="true">↗</span>
            </a>
          </li>
        )) ?? [0, 1, 2].map((place) => <li key={place} className="skeleton quick-link-skeleton" />)}
      </ul>
    </section>
  );
}

function Featured({ resources }: { resources: readonly ResourceCard[] | undefined }) {
  const { t } = useTranslation();
  if (resources?.length === 0) return null;
  return (
    <section className="resource-section" aria-label={t("resources.featured")}>
      <h2>{t("resources.featured")}</h2>
      {resources ? <Cards resources={resources} /> : <CardsSkeleton />}
    </section>
  );
}

/** The search and the filters are in the address. */
function useResourceState() {
  const [parameters, setParameters] = useSearchParams();
  const setValues = useCallback(
    (name: string, values: readonly string[]) =>
      setParameters(
        (present) => {
          present.delete(name);
          for (const value of values) present.append(name, value);
          return present;
        },
        { replace: true },
      ),
    [setParameters],
  );
  const search = parameters.get("search") ?? "";
  const kinds = parameters.getAll("kind");
  const products = parameters.getAll("product");
  const filter = { ...(kinds.length && { kind: kinds }), ...(products.length && { product: products }) } as ResourceFilter;
  return { search, kinds, products, filter, setValues, clear: () => setParameters({}), isEmpty: !search && !kinds.length && !products.length };
}

function ResourceList() {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { search, kinds, products, filter, setValues, clear, isEmpty } = useResourceState();
  const [first, setFirst] = useState(PAGE_SIZE);
  const [{ data, error }, read] = useQuery({ query: RESOURCES, variables: { filter, search: search || null, first }, requestPolicy: "cache-and-network" });
  const onSearch = useCallback((text: string) => setValues("search", text ? [text] : []), [setValues]);
  const found = data?.resources;
  return (
    <section className="resource-section" aria-label={t("resources.all")}>
      <h2>
        {t("resources.all")} <span className="secondary numbers resource-total">{found && number(found.totalCount)}</span>
      </h2>
      <div className="query-bar resource-query" role="search">
        <SearchBox id="page-search" label={t("resources.search")} text={search} onSearch={onSearch} />
        <FilterChip label={t("resources.kindOf")} chosen={kinds} onChoose={(values) => setValues("kind", values)} values={KINDS.map((id) => ({ id, text: t(`resources.kind.${id}`) }))} />
        <FilterChip label={t("filter.product")} chosen={products} onChoose={(values) => setValues("product", values)} values={PRODUCTS.map((id) => ({ id, text: t(`product.${id}`) }))} />
        {!isEmpty && (
          <Button kind="quiet" onPress={clear}>
            {t("filter.clear")}
          </Button>
        )}
      </div>
      {error && !found && <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />}
      {!found && !error && <CardsSkeleton />}
      {found?.totalCount === 0 && <EmptyTab title={t("resources.none")} text={t(isEmpty ? "resources.noneText" : "resources.noMatchText")} />}
      {found && <Cards resources={found.nodes} />}
      {found && found.totalCount > found.nodes.length && found.nodes.length < MOST && (
        <p>
          <Button onPress={() => setFirst((count) => count + PAGE_SIZE)}>{t("resources.more")}</Button>
        </p>
      )}
    </section>
  );
}

function Cards({ resources }: { resources: readonly ResourceCard[] }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  return (
    <ul className="cards resource-cards">
      {resources.map(({ id, title, summary, url, kind, products, updatedOn }) => (
        <li key={id} className="card resource-card">
          <p className="secondary small">{[t(`resources.kind.${kind}`), ...products.map((product) => t(`product.${product}`))].join(" · ")}</p>
          <h3>
            <a href={url} target="_blank" rel="noreferrer">
              {title}
            </a>
          </h3>
          <p>{summary}</p>
          <p className="secondary small">{t("resources.updated", { date: date(updatedOn) })}</p>
        </li>
      ))}
    </ul>
  );
}
