/** The page before the sign-in: one button where the server names an issuer, a field for a token in any case. */
import { useState } from "react";
import { FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button";
import { keepToken, tidyToken } from "../../../session/token";
import { canSignIn, signIn } from "./sign_in";
import "../ui/ui.css";
import "./sign_in_page.css";

export default function SignInPage({ problem }: { problem: string }) {
  const { t } = useTranslation();
  const [unreachable, setUnreachable] = useState(false);
  const start = () => {
    setUnreachable(false);
    signIn().catch(() => setUnreachable(true));
  };
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>partnerhub</h1>
        <p className="secondary">{t("signIn.purpose")}</p>
        {canSignIn && (
          <Button kind="primary" onPress={start} autoFocus>
            {t("signIn.button")}
          </Button>
        )}
        {(problem || unreachable) && (
          <p className="field-error" role="alert">
            {unreachable ? t("signIn.unreachable") : t("signIn.failed", { problem })}
          </p>
        )}
        <details open={!canSignIn}>
          <summary className="secondary">{t("signIn.withToken")}</summary>
          <TokenForm />
        </details>
      </div>
    </main>
  );
}

function TokenForm() {
  const { t } = useTranslation();
  const [token, setToken] = useState("");
  return (
    <Form
      className="sign-in-token"
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(tidyToken(token));
      }}
    >
      <TextField className="field" value={token} onChange={setToken} isRequired>
        <Label>{t("signIn.token")}</Label>
        <Input autoComplete="off" spellCheck="false" />
        <FieldError className="field-error" />
      </TextField>
      <Button type="submit">{t("signIn.useToken")}</Button>
    </Form>
  );
}
