/** Lists as files: customers, a license report, the activity log. Each address works once. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { EXPORT_ACTIVITY, EXPORT_LICENSE_REPORT } from "../exports/documents";
import { ExportCustomersForm } from "../exports/export_customers_form";
import { ExportForm, type ExportRequest } from "../exports/export_form";
import type { ActivityKind, AnalyticsProduct, LicenseReport } from "../gql/graphql";
import { usePermission } from "../session/viewer";
import { Choices } from "../ui/choices";
import { NumberInput, SelectInput } from "../ui/form";
import { EVENT_KINDS } from "./event_kinds";

const REPORTS: readonly (readonly [LicenseReport, string])[] = [
  ["RECENTLY_ADDED", "recentlyAdded"],
  ["EXPIRING", "expiring"],
  ["RENEWING", "renewing"],
  ["LOW_ASSIGNMENT", "lowAssignment"],
  ["OVER_LIMIT", "overLimit"],
];
/** The reports of a window of days. */
const WITH_DAYS: readonly LicenseReport[] = ["RECENTLY_ADDED", "EXPIRING", "RENEWING"];
const PRODUCTS: readonly AnalyticsProduct[] = ["MEETINGS", "CALLING"];
const DAY = 86_400_000;

export function ExportsTab() {
  const { t } = useTranslation();
  const canReadAnalytics = usePermission("READ_ANALYTICS");
  const canReadActivity = usePermission("READ_ACTIVITY");
  return (
    <>
      <p className="secondary">{t("exports.text")}</p>
      <div className="export-cards">
        <section className="card" aria-label={t("exports.customers")}>
          <h2>{t("exports.customers")}</h2>
          <ExportCustomersForm />
        </section>
        {canReadAnalytics && <ReportCard />}
        {canReadActivity && <ActivityCard />}
      </div>
    </>
  );
}

function ReportCard() {
  const { t } = useTranslation();
  const client = useClient();
  const [report, setReport] = useState<LicenseReport>("EXPIRING");
  const [product, setProduct] = useState<AnalyticsProduct>("MEETINGS");
  const [days, setDays] = useState(90);
  const request = async (input: ExportRequest) => {
    const { data, error } = await client.mutation(EXPORT_LICENSE_REPORT, { input: { ...input, report, product, days } }).toPromise();
    return { data: data?.exportLicenseReport, error };
  };
  return (
    <section className="card" aria-label={t("exports.report")}>
      <h2>{t("exports.report")}</h2>
      <ExportForm fields={["report", "product", "days"]} request={request}>
        {(errors) => (
          <>
            <SelectInput label={t("exports.reportKind")} value={report} onChange={(value) => setReport(value as LicenseReport)} options={REPORTS.map(([id, text]) => [id, t(`report.${text}`)])} error={errors.report} />
            <SelectInput label={t("analytics.product")} value={product} onChange={(value) => setProduct(value as AnalyticsProduct)} options={PRODUCTS.map((id) => [id, t(`product.${id}`)])} error={errors.product} />
            {WITH_DAYS.includes(report) && <NumberInput label={t("exports.days")} value={days} onChange={setDays} error={errors.days} />}
          </>
        )}
      </ExportForm>
    </section>
  );
}

function ActivityCard() {
  const { t } = useTranslation();
  const client = useClient();
  const [kinds, setKinds] = useState<readonly ActivityKind[]>([]);
  const [days, setDays] = useState(30);
  const request = async (input: ExportRequest) => {
    const filter = { kind: kinds.length ? [...kinds] : null, since: new Date(Date.now() - days * DAY).toISOString() };
    const { data, error } = await client.mutation(EXPORT_ACTIVITY, { input: { ...input, filter } }).toPromise();
    return { data: data?.exportActivity, error };
  };
  return (
    <section className="card" aria-label={t("exports.activity")}>
      <h2>{t("exports.activity")}</h2>
      <ExportForm fields={["filter"]} request={request}>
        {(errors) => (
          <>
            <NumberInput label={t("exports.lastDays")} value={days} onChange={setDays} error={errors.filter} />
            <Choices label={t("webhooks.kinds")} anyText={t("webhooks.allKinds")} values={EVENT_KINDS} text={(kind) => t(`kind.${kind}`)} chosen={kinds} onChange={setKinds} />
          </>
        )}
      </ExportForm>
    </section>
  );
}
