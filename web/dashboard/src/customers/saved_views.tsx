/** The saved views: filters with a name, own ones and those that others share. */
import { useState } from "react";
import { Checkbox, Input, Label, TextField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useClient, useQuery } from "urql";
import { useViewer } from "../session/viewer";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { splitErrors } from "../ui/user_errors";
import { SAVE_VIEW, VIEWS } from "./documents";
import { readFilter, type useListState, writeFilter } from "./filters";

type State = ReturnType<typeof useListState>;

export function SavedViews({ state }: { state: State }) {
  const { t } = useTranslation();
  const { administrator } = useViewer();
  const [, setParameters] = useSearchParams();
  const [{ data }, reload] = useQuery({ query: VIEWS });
  const [isSaving, setSaving] = useState(false);
  const present = JSON.stringify(sorted(state.filter as Record<string, unknown>));
  const views = data?.customerViews ?? [];
  const hasFilter = Object.keys(state.filter).length > 0;
  if (views.length === 0 && !hasFilter) return null;
  return (
    <div className="views" role="group" aria-label={t("views.label")}>
      {views.map((view) => {
        const parameters = writeFilter((view.filter ?? {}) as Record<string, unknown>);
        const isActive = parameters !== undefined && JSON.stringify(sorted(readFilter(parameters) as Record<string, unknown>)) === present;
        const owner = view.owner.id === administrator.id ? "" : ` · ${view.owner.displayName}`;
        return (
          <Button
            key={view.id}
            kind="quiet"
            className={isActive ? "view view-active" : "view"}
            aria-pressed={isActive}
            isDisabled={parameters === undefined}
            onPress={() => parameters && setParameters(parameters)}
          >
            {view.name}
            {view.shared && <span className="secondary small">{t("views.shared")}{owner}</span>}
          </Button>
        );
      })}
      {hasFilter && (
        <Button kind="quiet" onPress={() => setSaving(true)}>
          + {t("views.save")}
        </Button>
      )}
      {isSaving && (
        <SaveDialog
          state={state}
          onClose={() => setSaving(false)}
          onSaved={() => {
            setSaving(false);
            reload({ requestPolicy: "network-only" });
          }}
        />
      )}
    </div>
  );
}

/** Two filters are equal where their sorted entries are. */
function sorted(filter: Record<string, unknown>): unknown {
  return Object.entries(filter)
    .filter(([, value]) => value !== null)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function SaveDialog({ state, onClose, onSaved }: { state: State; onClose(): void; onSaved(): void }) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState("");
  const [isShared, setShared] = useState(false);
  const [errors, setErrors] = useState<ReturnType<typeof splitErrors>>({ fields: {}, others: [] });
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const save = async () => {
    const input = { name, filter: state.filter, shared: isShared, idempotencyKey };
    const { data, error } = await client.mutation(SAVE_VIEW, { input }).toPromise();
    if (data?.saveCustomerView?.view) onSaved();
    else setErrors(splitErrors(data?.saveCustomerView?.userErrors, error, ["name"]));
  };
  return (
    <Dialog title={t("views.save")} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField className="field" value={name} onChange={setName} isInvalid={"name" in errors.fields} autoFocus>
          <Label>{t("views.name")}</Label>
          <Input />
          {errors.fields.name && (
            <span className="field-error" role="alert">
              {errors.fields.name}
            </span>
          )}
        </TextField>
        <Checkbox className="checkbox" isSelected={isShared} onChange={setShared}>
          {({ isSelected }) => (
            <>
              <span className="checkbox-box">{isSelected && "✓"}</span>
              {t("views.share")}
            </>
          )}
        </Checkbox>
        {errors.others.map((problem) => (
          <p key={problem} className="field-error" role="alert">
            {problem}
          </p>
        ))}
        <div className="modal-actions">
          <Button onPress={onClose}>{t("form.cancel")}</Button>
          <Button kind="primary" type="submit">
            {t("views.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
