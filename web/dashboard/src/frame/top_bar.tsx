/** The top bar: partner, connection state, language, theme, and the viewer. */
import { useState } from "react";
import { Button as AriaButton, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useConnectionState } from "../api/feeds";
import { signOut } from "../session/sign_in";
import { keepToken } from "../session/token";
import { useViewer } from "../session/viewer";
import { chooseLanguage, currentLanguage, type Language, LANGUAGES } from "../texts/texts";
import { LaunchOrganization } from "./launch_organization";
import { applyTheme, chosenTheme, type Theme, THEMES } from "./theme";

export function TopBar() {
  const { partner } = useViewer();
  return (
    <header className="top-bar">
      <p className="top-bar-partner">{partner.name}</p>
      <LaunchOrganization />
      <Connection />
      <ViewerMenu />
    </header>
  );
}

function Connection() {
  const { t } = useTranslation();
  const state = useConnectionState();
  // A page without a feed needs no connection.
  if (state === "idle") return null;
  return (
    <span className={`connection connection-${state}`}>
      <span className="connection-dot" />
      <span className="connection-text">{t(`connection.${state}`)}</span>
    </span>
  );
}

function ViewerMenu() {
  const { t } = useTranslation();
  const { administrator } = useViewer();
  const [theme, setTheme] = useState(chosenTheme);
  const chooseTheme = (chosen: Theme) => {
    applyTheme(chosen);
    setTheme(chosen);
  };
  return (
    <MenuTrigger>
      <AriaButton className="viewer-button">
        <span>{administrator.displayName}</span>
        <span className="secondary small">{t(`role.${administrator.role}`)}</span>
      </AriaButton>
      <Popover className="menu-popover" placement="bottom end">
        <Menu aria-label={t("viewer.menu")}>
          <Choice title={t("viewer.language")} chosen={currentLanguage()} choose={(id) => void chooseLanguage(id as Language)} items={Object.entries(LANGUAGES)} />
          <Choice title={t("viewer.theme")} chosen={theme} choose={(id) => chooseTheme(id as Theme)} items={THEMES.map((id) => [id, t(`theme.${id}`)])} />
          <MenuItem className="menu-item" href="/graphql" target="_blank">
            GraphiQL
          </MenuItem>
          <MenuItem className="menu-item" onAction={leave}>
            {t("viewer.signOut")}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function leave(): void {
  keepToken("");
  void signOut();
}

interface ChoiceProps {
  title: string;
  chosen: string;
  choose(id: string): void;
  items: (readonly [string, string])[];
}

function Choice({ title, chosen, choose, items }: ChoiceProps) {
  return (
    <MenuSection
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[chosen]}
      onSelectionChange={(keys) => keys !== "all" && choose(String([...keys][0]))}
    >
      <Header className="menu-header secondary small">{title}</Header>
      {items.map(([id, text]) => (
        <MenuItem key={id} id={id} className="menu-item" textValue={text}>
          {({ isSelected }) => (
            <>
              {text}
              {isSelected && <span className="menu-item-end">✓</span>}
            </>
          )}
        </MenuItem>
      ))}
    </MenuSection>
  );
}
