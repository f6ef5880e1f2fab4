/** An error: its sentence, a button to try again, and the id for support where the server gave one. */
import type { CombinedError } from "@urql/core";
import { useTranslation } from "react-i18next";
import { Button } from "./button";

export function Failure({ error, onRetry }: { error: CombinedError; onRetry(): void }) {
  const { t } = useTranslation();
  const id = error.graphQLErrors.map(({ extensions }) => extensions.id).find((each) => typeof each === "string");
  const sentence = error.graphQLErrors[0]?.message ?? t("failure.unreachable");
  return (
    <div className="failure" role="alert">
      <p className="failure-sentence">{sentence}</p>
      {typeof id === "string" && <p className="secondary small">{t("failure.id", { id })}</p>}
      <Button onPress={onRetry}>{t("failure.retry")}</Button>
    </div>
  );
}
