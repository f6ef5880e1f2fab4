/** The first-time setup: four steps in their order. The next one is open, with what it needs. */
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { Form } from "../ui/form";
import { useFormats } from "../ui/formats";
import { ACCEPT_TERMS, COMPLETE_STEP, type Partner } from "./documents";
import type { TabProps } from "./organization_page";
import { ProfileForm } from "./profile_tab";

/** The tab where the work of a step is done. */
const TAB_OF_STEP = { ADD_ADMINISTRATORS: "administrators", CHOOSE_SERVICES: "services" } as const;

export function SetupTab({ partner, openTab }: TabProps) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const { setup } = partner;
  return (
    <>
      <p>{t(`setup.state.${setup.state}`)}</p>
      <ol className="setup-steps">
        {setup.steps.map(({ key, completedAt }, place) => {
          const isNext = setup.nextStep?.key === key;
          return (
            <li key={key} className={`card setup-step ${isNext ? "setup-next" : ""}`} aria-current={isNext ? "step" : undefined}>
              <h2>
                <span className="setup-number" aria-hidden="true">
                  {completedAt ? "✓" : place + 1}
                </span>
                {t(`setup.step.${key}`)}
                {completedAt && <span className="secondary small setup-completed">{t("setup.completed", { date: date(completedAt) })}</span>}
              </h2>
              {isNext && <Step partner={partner} openTab={openTab} stepKey={key} />}
            </li>
          );
        })}
      </ol>
      <Plan partner={partner} />
      {setup.nextStep?.key !== "ACCEPT_TERMS" && <AcceptedTerms partner={partner} />}
    </>
  );
}

function Step({ partner, openTab, stepKey }: TabProps & { stepKey: Partner["setup"]["steps"][number]["key"] }) {
  const { t } = useTranslation();
  const client = useClient();
  const canManage = usePermission("MANAGE_ORGANIZATION");
  if (!canManage) return <p className="secondary">{t("organization.onlyFull")}</p>;
  if (stepKey === "ACCEPT_TERMS") return <TermsForm partner={partner} />;
  const complete = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(COMPLETE_STEP, { input: { key: stepKey, idempotencyKey } }).toPromise();
    return { userErrors: data?.completeSetupStep?.userErrors, error };
  };
  if (stepKey === "ORGANIZATION_PROFILE") return <ProfileForm partner={partner} action={t("setup.saveProfile")} then={complete} />;
  return (
    <>
      <p className="secondary">{t(`setup.stepText.${stepKey}`)}</p>
      <p>
        <Button onPress={() => openTab(TAB_OF_STEP[stepKey])}>{t(`organization.tab.${TAB_OF_STEP[stepKey]}`)}</Button>
      </p>
      <Form action={t("setup.complete")} send={complete} onDone={() => undefined}>
        {() => null}
      </Form>
    </>
  );
}

function TermsForm({ partner }: { partner: Partner }) {
  const { t } = useTranslation();
  const client = useClient();
  const { version } = partner.setup.terms;
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(ACCEPT_TERMS, { input: { termsVersion: version, idempotencyKey } }).toPromise();
    return { userErrors: data?.acceptTerms?.userErrors, error };
  };
  return (
    <Form action={t("setup.accept", { version })} send={send} onDone={() => undefined}>
      {() => <Terms partner={partner} />}
    </Form>
  );
}

function Terms({ partner }: { partner: Partner }) {
  const { t } = useTranslation();
  const { text, url, version } = partner.setup.terms;
  return (
    <>
      <div className="terms" role="region" tabIndex={0} aria-label={t("setup.terms", { version })}>
        <TermsText text={text} />
      </div>
      {url && (
        <p>
          <a href={url} target="_blank" rel="noreferrer">
            {t("setup.termsPage")} <span aria-hidden="true">↗</span>
          </a>
        </p>
      )}
    </>
  );
}

/** Headings and paragraphs of the Markdown; anything else is shown as it is written. */
function TermsText({ text }: { text: string }) {
  return text.split(/\n{2,}/).map((block, place) => {
    const heading = /^#{1,6}\s+(.*)$/.exec(block.trim());
    return heading ? <h4 key={place}>{heading[1]}</h4> : <p key={place}>{block.trim()}</p>;
  });
}

function AcceptedTerms({ partner }: { partner: Partner }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const { termsAcceptedAt, termsAcceptedBy, termsVersion } = partner.setup;
  return (
    <details className="card setup-details">
      <summary>{t("setup.terms", { version: termsVersion })}</summary>
      {termsAcceptedAt && <p className="secondary">{t("setup.acceptedBy", { date: date(termsAcceptedAt), name: termsAcceptedBy?.displayName ?? t("activity.system") })}</p>}
      <Terms partner={partner} />
    </details>
  );
}

function Plan({ partner }: { partner: Partner }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { plan } = partner.setup;
  return (
    <section className="card setup-details" aria-label={t("setup.plan")}>
      <h2>{t("setup.plan")}</h2>
      {plan.length === 0 && <p className="secondary">{t("setup.noPlan")}</p>}
      <dl className="facts">
        {plan.map(({ product, licenses }) => (
          <div key={product}>
            <dt className="secondary small">{t(`product.${product}`)}</dt>
            <dd className="numbers">{t("setup.licenses", { count: licenses, licenses: number(licenses) })}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
