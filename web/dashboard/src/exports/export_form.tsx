/** A form that asks for a file in one of three formats, and lets the browser download it. */
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "@urql/core";
import type { ExportFormat } from "../gql/graphql";
import { Form, SelectInput } from "../ui/form";
import type { UserError } from "../ui/user_errors";

const FORMATS: readonly ExportFormat[] = ["XLSX", "CSV", "NDJSON"];

export interface ExportRequest {
  format: ExportFormat;
  idempotencyKey: string;
}

interface Answer {
  data: { url?: string | null; userErrors: readonly UserError[] } | null | undefined;
  error: CombinedError | undefined;
}

interface Props {
  fields?: readonly string[];
  request(input: ExportRequest): Promise<Answer>;
  onCancel?(): void;
  children?(errors: Readonly<Record<string, string>>): ReactNode;
}

export function ExportForm({ fields = [], request, onCancel, children }: Props) {
  const { t } = useTranslation();
  const [format, setFormat] = useState<ExportFormat>("XLSX");
  const [isStarted, setStarted] = useState(false);
  const address = useRef("");
  const send = async (idempotencyKey: string) => {
    setStarted(false);
    const { data, error } = await request({ format, idempotencyKey });
    address.current = data?.url ?? "";
    return { userErrors: data?.userErrors, error };
  };
  const download = () => {
    setStarted(true);
    // The answer is a file, so the page stays.
    Object.assign(document.createElement("a"), { href: address.current, download: "" }).click();
  };
  return (
    <Form action={t("exports.download", { format: t(`exports.short.${format}`) })} fields={[...fields, "format"]} send={send} onDone={download} {...(onCancel && { onCancel })}>
      {(errors) => (
        <>
          {children?.(errors)}
          <SelectInput label={t("exports.format")} value={format} onChange={(value) => setFormat(value as ExportFormat)} options={FORMATS.map((id) => [id, t(`exports.formats.${id}`)])} error={errors.format} />
          <p role="status" className="secondary export-status">
            {isStarted ? t("exports.started") : ""}
          </p>
        </>
      )}
    </Form>
  );
}
