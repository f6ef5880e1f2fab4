/** The five reports, in the order of the partner hub: figures above, the entitlements below. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { LicenseAnalyticsQuery } from "../gql/graphql";
import { Button } from "../ui/button";
import { type Column as TableColumn, DataTable } from "../ui/data_table";
import { NONE, useFormats } from "../ui/formats";
import { LicenseBar } from "../ui/license_bar";
import type { ReportRow } from "./documents";

type Analytics = NonNullable<LicenseAnalyticsQuery["licenseAnalytics"]>;
type Column = "added" | "expiry" | "assignedPercent" | "usedPercent" | "weeklyAssignment" | "weeklyUsage" | "overage";

export type ReportName = "recentlyAdded" | "expiring" | "renewing" | "lowAssignment" | "overLimit";

interface Props {
  analytics: Analytics;
  /** The largest number of rows that one report shows. */
  most: number;
  onMore(name: ReportName): void;
}

interface Section {
  name: ReportName;
  figures: readonly [name: string, value: string][];
  columns: readonly Column[];
  entitlements: { totalCount: number; nodes: readonly ReportRow[] };
  rule?: string;
}

export function Reports({ analytics, most, onMore }: Props) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const { recentlyAdded, expiring, renewing, lowAssignment, overLimit } = analytics;
  const use = (report: { licenseAssignmentPercent?: number | null; licenseUsagePercent?: number | null }): [string, string][] => [
    ["assignmentPercent", percent(report.licenseAssignmentPercent)],
    ["usagePercent", percent(report.licenseUsagePercent)],
  ];
  const sections: Section[] = [
    {
      name: "recentlyAdded",
      figures: [["newCustomers", number(recentlyAdded.newCustomers)], ["totalLicenses", number(recentlyAdded.totalLicenses)]],
      columns: ["added", "assignedPercent", "usedPercent"],
      entitlements: recentlyAdded.entitlements,
    },
    {
      name: "expiring",
      figures: [["customers", number(expiring.expiringCustomers)], ...use(expiring)],
      columns: ["expiry", "assignedPercent", "usedPercent"],
      entitlements: expiring.entitlements,
    },
    {
      name: "renewing",
      figures: [["customers", number(renewing.renewingCustomers)], ...use(renewing)],
      columns: ["expiry", "assignedPercent", "usedPercent"],
      entitlements: renewing.entitlements,
    },
    {
      name: "lowAssignment",
      figures: [["customers", number(lowAssignment.lowAssignmentCustomers)], ...use(lowAssignment), ["unassigned", number(lowAssignment.unassignedLicenses)]],
      columns: ["assignedPercent", "weeklyAssignment", "weeklyUsage"],
      entitlements: lowAssignment.entitlements,
      rule: t("report.lowAssignmentRule", { threshold: percent(lowAssignment.thresholdPercent), peers: number(lowAssignment.peerGroupSize) }),
    },
    {
      name: "overLimit",
      figures: [
        ["customers", number(overLimit.customersWithOverage)],
        ["inOverage", number(overLimit.licensesInOverage)],
        ["averageOverage", overLimit.averageOverage == null ? NONE : number(overLimit.averageOverage)],
      ],
      columns: ["overage", "assignedPercent", "weeklyAssignment"],
      entitlements: overLimit.entitlements,
    },
  ];
  return sections.map((section) => <Report key={section.name} section={section} most={most} onMore={onMore} />);
}

function Report({ section, most, onMore }: Omit<Props, "analytics"> & { section: Section }) {
  const { t } = useTranslation();
  const { name, figures, columns, entitlements, rule } = section;
  return (
    <section className="report" aria-label={t(`report.${name}`)}>
      <h2>{t(`report.${name}`)}</h2>
      {rule && <p className="secondary">{rule}</p>}
      <dl className="figures">
        {figures.map(([figure, value]) => (
          <div key={figure}>
            <dt className="secondary small">{t(`report.figure.${figure}`)}</dt>
            <dd className="numbers">{value}</dd>
          </div>
        ))}
      </dl>
      {entitlements.nodes.length === 0 ? (
        <p className="secondary">{t("report.none")}</p>
      ) : (
        <ReportTable label={t(`report.${name}`)} rows={entitlements.nodes} columns={columns} />
      )}
      {entitlements.totalCount > entitlements.nodes.length && (
        <p className="report-more">
          <span className="secondary small">{t("report.more", { shown: entitlements.nodes.length, total: entitlements.totalCount })}</span>
          {entitlements.nodes.length < most && (
            <Button kind="quiet" onPress={() => onMore(name)}>
              {t("report.showMore")}
            </Button>
          )}
        </p>
      )}
    </section>
  );
}

function ReportTable({ label, rows, columns }: { label: string; rows: readonly ReportRow[]; columns: readonly Column[] }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const signed = (value: number | null | undefined) => (value == null ? NONE : `${value > 0 ? "+" : ""}${number(value)}`);
  const texts: Record<Column, (row: ReportRow) => string> = {
    added: (row) => t("report.daysAgo", { count: row.daysSinceAdded }),
    expiry: (row) => t("report.inDays", { count: row.daysToExpiry }),
    assignedPercent: (row) => percent(row.assignedPercent),
    usedPercent: (row) => percent(row.usedPercent),
    weeklyAssignment: (row) => signed(row.weeklyAssignmentChange),
    weeklyUsage: (row) => signed(row.weeklyUsageChange),
    overage: (row) => number(row.overage),
  };
  return (
    <DataTable
      label={label}
      columns={[
        t("report.column.customer"),
        t("report.column.entitlement"),
        t("column.licenses"),
        ...columns.map((column): TableColumn => ({ name: t(`report.column.${column}`), kind: "number" })),
      ]}
      rows={rows.map((row) => ({
        id: row.subscriptionId,
        cells: [
          <Link href={`/customers/${row.customer.id}`}>{row.customer.name}</Link>,
          <>
            {row.number} <span className="secondary small">{t(row.trial ? "subscriptionType.TRIAL" : "subscriptionType.SUBSCRIPTION")}</span>
          </>,
          <LicenseBar figures={row} />,
          ...columns.map((column) => texts[column](row)),
        ],
      }))}
    />
  );
}
