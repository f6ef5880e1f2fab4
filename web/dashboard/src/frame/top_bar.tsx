/** The top bar: partner, connection state, language, theme, and the viewer. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useConnectionState } from "../api/feeds";
import { signOut } from "../session/sign_in";
import { keepToken } from "../../../session/token";
import { useViewer } from "../session/viewer";
import { chooseLanguage, currentLanguage, type Language, LANGUAGES } from "../texts/texts";
import { MenuButton, type MenuGroup } from "../ui/menu_button";
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
  const groups = (): MenuGroup[] => [
    {
      id: "language",
      title: t("viewer.language"),
      entries: Object.entries(LANGUAGES).map(([id, text]) => ({ id, text })),
      chosen: [currentLanguage()],
      onChoose: ([id]) => void chooseLanguage(id as Language),
    },
    {
      id: "theme",
      title: t("viewer.theme"),
      entries: THEMES.map((id) => ({ id, text: t(`theme.${id}`) })),
      chosen: [theme],
      onChoose: ([id]) => chooseTheme(id as Theme),
    },
    {
      id: "actions",
      entries: [
        { id: "graphiql", text: "GraphiQL", href: "/graphql", target: "_blank" },
        { id: "leave", text: t("viewer.signOut"), onAction: leave },
      ],
    },
  ];
  return (
    <MenuButton className="viewer-button" label={t("viewer.menu")} placement="bottom end" groups={groups}>
      <span>{administrator.displayName}</span>
      <span className="secondary small">{t(`role.${administrator.role}`)}</span>
    </MenuButton>
  );
}

function leave(): void {
  keepToken("");
  void signOut();
}
