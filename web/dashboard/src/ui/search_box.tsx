/** Free text that searches while it is typed, after a short pause. */
import { useEffect, useRef, useState } from "react";
import { Button as AriaButton, Input, SearchField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Icon } from "./icons";
import "./query_bar.css";

const TYPING_MILLISECONDS = 200;

interface Props {
  id: string;
  label: string;
  text: string;
  /** Must stay the same function while nothing else changes. */
  onSearch(text: string): void;
}

export function SearchBox({ id, label, text: present, onSearch }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(present);
  const sent = useRef(present);
  useEffect(() => {
    // The address changed by something else: the back button, a saved view.
    if (present !== sent.current) setText(present);
    sent.current = present;
  }, [present]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onSearch(text);
    }, TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);
  return (
    <SearchField className="search" aria-label={label} value={text} onChange={setText}>
      <Icon name="search" />
      <Input id={id} placeholder={label} maxLength={100} />
      <AriaButton className="search-clear" aria-label={t("filter.clearSearch")}>
        <Icon name="close" width="12" height="12" />
      </AriaButton>
    </SearchField>
  );
}
