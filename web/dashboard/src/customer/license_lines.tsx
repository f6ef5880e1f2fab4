/** The licence lines of a subscription or trial, each with its bar. */
import { useTranslation } from "react-i18next";
import type { Product } from "../gql/graphql";
import { LicenseBar, type LicenseFigures } from "../ui/license_bar";

export interface Line extends LicenseFigures {
  product: Product;
  name?: string | null;
}

export function LicenseLines({ lines }: { lines: readonly Line[] }) {
  const { t } = useTranslation();
  return (
    <ul className="license-lines">
      {lines.map((line) => (
        <li key={`${line.product} ${line.name ?? ""}`}>
          <span>
            {t(`product.${line.product}`)}
            {line.name && <span className="secondary"> {line.name}</span>}
          </span>
          <LicenseBar figures={line} />
        </li>
      ))}
    </ul>
  );
}
