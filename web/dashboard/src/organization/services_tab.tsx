/** The services of the plan: on or off, and how many customers have each. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { EmptyTab } from "../customer/tab_states";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { useFormats } from "../ui/formats";
import { FormDialog } from "../ui/form";
import { type Partner, SET_SERVICE } from "./documents";
import type { TabProps } from "./organization_page";

type Service = Partner["services"][number];

export function ServicesTab({ partner }: TabProps) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const canManage = usePermission("MANAGE_ORGANIZATION");
  const [changing, setChanging] = useState<Service | null>(null);
  const planned = new Set(partner.setup.plan.map(({ product }) => product));
  const enabled = partner.services.filter((service) => service.enabled);
  if (partner.services.length === 0) return <EmptyTab title={t("services.none")} text={t("services.noneText")} />;
  return (
    <>
      <ul className="cards service-cards">
        {partner.services.map((service) => {
          const isLast = service.enabled && enabled.length === 1;
          const isOutside = !service.enabled && !planned.has(service.product);
          const name = t(`product.${service.product}`);
          return (
            <li key={service.product} className={`card ${service.enabled ? "" : "card-over"}`}>
              <div className="card-head">
                <h2>{name}</h2>
                <span className={`state ${service.enabled ? "state-ACTIVE" : ""}`}>{t(service.enabled ? "services.on" : "services.off")}</span>
              </div>
              <p className="secondary">{t("services.customers", { count: service.customers, customers: number(service.customers) })}</p>
              {canManage && (
                <p>
                  <Button isDisabled={isLast || isOutside} aria-label={t(service.enabled ? "services.turnOffName" : "services.turnOnName", { name })} onPress={() => setChanging(service)}>
                    {t(service.enabled ? "services.turnOff" : "services.turnOn")}
                  </Button>
                </p>
              )}
              {canManage && (isLast || isOutside) && <p className="secondary small">{t(isLast ? "services.last" : "services.notInPlan")}</p>}
            </li>
          );
        })}
      </ul>
      {!canManage && <p className="secondary">{t("organization.onlyFull")}</p>}
      {changing && <ServiceDialog service={changing} onClose={() => setChanging(null)} />}
    </>
  );
}

function ServiceDialog({ service, onClose }: { service: Service; onClose(): void }) {
  const { t } = useTranslation();
  const client = useClient();
  const { product, enabled, customers } = service;
  const name = t(`product.${product}`);
  const action = t(enabled ? "services.turnOffName" : "services.turnOnName", { name });
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(SET_SERVICE, { input: { product, enabled: !enabled, idempotencyKey } }).toPromise();
    return { userErrors: data?.setService?.userErrors, error };
  };
  return (
    <FormDialog title={action} action={action} isDangerous={enabled} send={send} onDone={onClose} onClose={onClose}>
      {() => <p>{enabled ? t("services.offText", { count: customers, name }) : t("services.onText", { name })}</p>}
    </FormDialog>
  );
}
