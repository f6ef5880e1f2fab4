/** The five reports, in the order of the partner hub: figures above, the entitlements below. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { LicenseAnalyticsQuery } from "../gql/graphql";
import { Button } from "../ui/button";
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
        <div className="scroll-x">
          <table className="data-table">
            <thead>
              <tr>
                <th scope="col">{t("report.column.customer")}</th>
                <th scope="col">{t("report.column.entitlement")}</th>
                <th scope="col">{t("column.licenses")}</th>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {t(`report.column.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {entitlements.nodes.map((row) => (
                <Row key={row.subscriptionId} row={row} columns={columns} />
              ))}
            </tbody>
          </table>
        </div>
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

function Row({ row, columns }: { row: ReportRow; columns: readonly Column[] }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const signed = (value: number | null | undefined) => (value == null ? NONE : `${value > 0 ? "+" : ""}${number(value)}`);
  const cells: Record<Column, string> = {
    added: t("report.daysAgo", { count: row.daysSinceAdded }),
    expiry: t("report.inDays", { count: row.daysToExpiry }),
    assignedPercent: percent(row.assignedPercent),
    usedPercent: percent(row.usedPercent),
    weeklyAssignment: signed(row.weeklyAssignmentChange),
    weeklyUsage: signed(row.weeklyUsageChange),
    overage: number(row.overage),
  };
  return (
    <tr>
      <td>
        <Link href={`/customers/${row.customer.id}`}>{row.customer.name}</Link>
      </td>
      <td>
        {row.number} <span className="secondary small">{t(row.trial ? "subscriptionType.TRIAL" : "subscriptionType.SUBSCRIPTION")}</span>
      </td>
      <td className="report-licenses">
        <LicenseBar figures={row} />
      </td>
      {columns.map((column) => (
        <td key={column} className="numbers">
          {cells[column]}
        </td>
      ))}
    </tr>
  );
}
