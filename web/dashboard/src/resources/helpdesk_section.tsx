/** The helpdesk: how to reach it, and the viewer's requests (a full administrator sees those of all). */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { Link } from "wouter";
import { useFollowed } from "../api/followed";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import type { HelpdeskRequestsQuery, HelpdeskTopic } from "../gql/graphql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { DataTable, useActionsColumn } from "../ui/data_table";
import { CustomerSearch, type FoundCustomer } from "../ui/customer_search";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { FormDialog, SelectInput, TextAreaInput, TextInput } from "../ui/form";
import { CLOSE_HELPDESK_REQUEST, HELPDESK_REQUESTS, REQUEST_HELPDESK, type RequestRow } from "./documents";

const TOPICS: readonly HelpdeskTopic[] = ["CALLING", "CONTACT_CENTER", "OTHER"];
const PAGE_SIZE = 10;
const MOST = 200;

export function HelpdeskSection() {
  const { t } = useTranslation();
  const canAsk = usePermission("CONTACT_HELPDESK");
  const [first, setFirst] = useState(PAGE_SIZE);
  const [isAsking, setAsking] = useState(false);
  const [closing, setClosing] = useState<RequestRow | null>(null);
  const [{ data, error }, refresh] = useFollowed(HELPDESK_REQUESTS, { first }, ["HELPDESK_REQUESTED", "HELPDESK_CLOSED"]);
  const end = () => {
    setAsking(false);
    setClosing(null);
  };
  const done = () => {
    end();
    refresh();
  };
  const requests = data?.helpdeskRequests;
  const ask = canAsk && (
    <Button kind="primary" onPress={() => setAsking(true)}>
      {t("helpdesk.ask")}
    </Button>
  );
  return (
    <section className="resource-section" aria-label={t("helpdesk.title")}>
      <div className="customer-title">
        <h2>{t("helpdesk.title")}</h2>
        {requests && requests.totalCount > 0 && ask}
      </div>
      {error && !data && <Failure error={error} onRetry={refresh} />}
      {!data && !error && <CardsSkeleton />}
      {data?.helpdesk && <Contact helpdesk={data.helpdesk} />}
      {requests?.totalCount === 0 && (
        <EmptyTab title={t("helpdesk.none")} text={t("helpdesk.noneText")}>
          {ask}
        </EmptyTab>
      )}
      {requests && requests.nodes.length > 0 && <Requests rows={requests.nodes} onClose={canAsk ? setClosing : undefined} />}
      {requests && requests.totalCount > requests.nodes.length && first < MOST && (
        <p>
          <Button onPress={() => setFirst((count) => Math.min(MOST, count + PAGE_SIZE))}>{t("helpdesk.more")}</Button>
        </p>
      )}
      {isAsking && <AskDialog onDone={done} onClose={end} />}
      {closing && <CloseDialog request={closing} onDone={done} onClose={end} />}
    </section>
  );
}

function Contact({ helpdesk }: { helpdesk: NonNullable<HelpdeskRequestsQuery["helpdesk"]> }) {
  const { t } = useTranslation();
  const { name, phone, email, hours } = helpdesk;
  return (
    <address className="card helpdesk-contact">
      <strong>{name}</strong>
      {phone && <a href={`tel:${phone.replace(/[^+\d]/g, "")}`}>{phone}</a>}
      {email && <a href={`mailto:${email}`}>{email}</a>}
      {hours && <span className="secondary">{t("helpdesk.hours", { hours })}</span>}
    </address>
  );
}

function Requests({ rows, onClose }: { rows: readonly RequestRow[]; onClose: ((row: RequestRow) => void) | undefined }) {
  const { t } = useTranslation();
  const { instant, relative } = useFormats();
  const actions = useActionsColumn();
  return (
    <DataTable
      label={t("helpdesk.requests")}
      columns={[t("helpdesk.subject"), t("helpdesk.topic"), t("helpdesk.by"), t("helpdesk.state"), actions]}
      rows={rows.map((row) => ({
        id: row.id,
        cells: [
          <div className="helpdesk-subject">
            <strong>{row.subject}</strong>
            <p className="secondary small helpdesk-message">{row.message}</p>
            {row.customer && <Link href={`/customers/${row.customer.id}`}>{row.customer.name}</Link>}
          </div>,
          t(`helpdesk.topics.${row.topic}`),
          <>
            {row.createdBy.displayName}
            <p className="secondary small" title={instant(row.createdAt)}>
              {relative(row.createdAt)}
            </p>
          </>,
          <span className={`state state-${row.state === "OPEN" ? "ACTIVE" : row.state}`}>{t(`helpdesk.states.${row.state}`)}</span>,
          row.state === "OPEN" && onClose && (
            <Button kind="quiet" aria-label={t("helpdesk.closeOf", { subject: row.subject })} onPress={() => onClose(row)}>
              {t("helpdesk.close")}
            </Button>
          ),
        ],
      }))}
    />
  );
}

interface DialogProps {
  onDone(): void;
  onClose(): void;
}

function AskDialog({ onDone, onClose }: DialogProps) {
  const { t } = useTranslation();
  const client = useClient();
  const [topic, setTopic] = useState<HelpdeskTopic>("CALLING");
  const [subject, setSubject] = useState("");
  const [message, setMessage] = useState("");
  const [customer, setCustomer] = useState<FoundCustomer | null>(null);
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(REQUEST_HELPDESK, { input: { topic, subject, message, customer: customer?.id ?? null, idempotencyKey } }).toPromise();
    return { userErrors: data?.requestHelpdesk?.userErrors, error };
  };
  return (
    <FormDialog title={t("helpdesk.ask")} action={t("helpdesk.send")} fields={["topic", "subject", "message", "customer"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <>
          <SelectInput label={t("helpdesk.topic")} value={topic} onChange={(value) => setTopic(value as HelpdeskTopic)} error={errors.topic} options={TOPICS.map((id) => [id, t(`helpdesk.topics.${id}`)])} />
          <TextInput label={t("helpdesk.subject")} value={subject} onChange={setSubject} error={errors.subject} autoFocus />
          {customer ? (
            <div className="field">
              <span className="field-label">{t("helpdesk.customer")}</span>
              <span className="chosen-customer">
                {customer.name}
                <Button kind="quiet" onPress={() => setCustomer(null)}>
                  {t("helpdesk.noCustomer")}
                </Button>
              </span>
            </div>
          ) : (
            <CustomerSearch label={t("helpdesk.customer")} onChoose={setCustomer} error={errors.customer} />
          )}
          <TextAreaInput label={t("helpdesk.message")} value={message} onChange={setMessage} error={errors.message} />
        </>
      )}
    </FormDialog>
  );
}

function CloseDialog({ request, onDone, onClose }: DialogProps & { request: RequestRow }) {
  const { t } = useTranslation();
  const client = useClient();
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(CLOSE_HELPDESK_REQUEST, { input: { id: request.id, idempotencyKey } }).toPromise();
    return { userErrors: data?.closeHelpdeskRequest?.userErrors, error };
  };
  return (
    <FormDialog title={t("helpdesk.closeTitle")} action={t("helpdesk.closeButton")} send={send} onDone={onDone} onClose={onClose}>
      {() => <p>{t("helpdesk.closeText", { subject: request.subject })}</p>}
    </FormDialog>
  );
}
