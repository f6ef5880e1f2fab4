/** The parts of a form: a field with its error, and a dialog that sends a mutation. Nothing is lost when it fails. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Input, Label, NumberField, TextArea, TextField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "@urql/core";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { splitErrors, type UserError } from "./user_errors";

/** The id of an error, and what leads readers from its field to it: they read it again with the field. */
export function useErrorId(error: string | undefined): [id: string, described: { "aria-describedby"?: string }] {
  const id = useId();
  return [id, error ? { "aria-describedby": id } : {}];
}

export function FieldError({ id, text }: { id: string; text: string | undefined }) {
  if (!text) return null;
  return (
    <span id={id} className="field-error" role="alert">
      {text}
    </span>
  );
}

/** Fields that one error is about. */
export function ErrorGroup({ label, error, children }: { label: string; error: string | undefined; children: ReactNode }) {
  const [errorId, described] = useErrorId(error);
  return (
    <div className="form" role="group" aria-label={label} {...described}>
      {children}
      <FieldError id={errorId} text={error} />
    </div>
  );
}

interface TextProps {
  label: string;
  value: string;
  onChange(value: string): void;
  error?: string | undefined;
  autoFocus?: boolean;
  type?: string;
}

export function TextInput({ label, value, onChange, error, autoFocus = false, type = "text" }: TextProps) {
  const [errorId, described] = useErrorId(error);
  return (
    <TextField className="field" value={value} onChange={onChange} isInvalid={error !== undefined} autoFocus={autoFocus} type={type}>
      <Label>{label}</Label>
      <Input {...described} />
      <FieldError id={errorId} text={error} />
    </TextField>
  );
}

export function TextAreaInput({ label, value, onChange, error, autoFocus = false }: Omit<TextProps, "type">) {
  const [errorId, described] = useErrorId(error);
  return (
    <TextField className="field" value={value} onChange={onChange} isInvalid={error !== undefined} autoFocus={autoFocus}>
      <Label>{label}</Label>
      <TextArea rows={5} {...described} />
      <FieldError id={errorId} text={error} />
    </TextField>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onChange(value: string): void;
  /** Ids with their texts. */
  options: readonly (readonly [id: string, text: string])[];
  error?: string | undefined;
}

export function SelectInput({ label, value, onChange, options, error }: SelectProps) {
  const id = useId();
  const [errorId, described] = useErrorId(error);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)} aria-invalid={error !== undefined} {...described}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
      <FieldError id={errorId} text={error} />
    </div>
  );
}

interface NumberProps {
  label: string;
  value: number;
  onChange(value: number): void;
  error?: string | undefined;
  autoFocus?: boolean;
}

export function NumberInput({ label, value, onChange, error, autoFocus = false }: NumberProps) {
  const [errorId, described] = useErrorId(error);
  return (
    <NumberField className="field" value={value} onChange={onChange} isInvalid={error !== undefined} autoFocus={autoFocus}>
      <Label>{label}</Label>
      <Input {...described} />
      <FieldError id={errorId} text={error} />
    </NumberField>
  );
}

export interface SendResult {
  userErrors: readonly UserError[] | undefined;
  error: CombinedError | undefined;
}

interface FormProps {
  /** What happens: "Start trial for 25 licenses". */
  action: string;
  isDangerous?: boolean;
  /** The names of the input's fields that the form shows; other mistakes stand above the buttons. */
  fields?: readonly string[];
  /** Sends the mutation; the key stays the same for every attempt of one change. */
  send(idempotencyKey: string): Promise<SendResult>;
  onDone(): void;
  onCancel?(): void;
  children(errors: Readonly<Record<string, string>>): ReactNode;
}

export function Form({ action, isDangerous = false, fields = [], send, onDone, onCancel, children }: FormProps) {
  const { t } = useTranslation();
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<ReturnType<typeof splitErrors>>({ fields: {}, others: [] });
  const [isSending, setSending] = useState(false);
  const [idempotencyKey, setKey] = useState(() => crypto.randomUUID());
  useEffect(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus(), [errors]);
  const submit = async () => {
    if (isSending) return;
    setSending(true);
    const { userErrors, error } = await send(idempotencyKey);
    setSending(false);
    setErrors(splitErrors(userErrors, error, fields));
    if (userErrors && userErrors.length === 0 && !error) {
      setKey(crypto.randomUUID());
      onDone();
    }
  };
  return (
    <form
      ref={form}
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {children(errors.fields)}
      {errors.others.map((problem) => (
        <p key={problem} className="field-error" role="alert">
          {problem}
        </p>
      ))}
      <div className="modal-actions">
        {onCancel && <Button onPress={onCancel}>{t("form.cancel")}</Button>}
        {/* Not disabled: the focus would leave the dialog, whose keys would then do nothing. */}
        <Button kind={isDangerous ? "danger" : "primary"} type="submit" className={isSending ? "button-sending" : ""}>
          {action}
        </Button>
      </div>
    </form>
  );
}

export function FormDialog({ title, onClose, ...form }: Omit<FormProps, "onCancel"> & { title: string; onClose(): void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form {...form} onCancel={onClose} />
    </Dialog>
  );
}
