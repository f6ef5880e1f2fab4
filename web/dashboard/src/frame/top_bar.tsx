/** The top bar: partner, connection state, language, theme, and the viewer. */
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useConnectionState } from "../api/feeds";
import { signOut } from "../session/sign_in";
import { keepToken } from "../../../session/token";
import { usePermission, useViewer } from "../session/viewer";
import { later } from "../texts/later";
import { chooseLanguage, currentLanguage, type Language, LANGUAGES } from "../texts/texts";
import { Button } from "../ui/button";
import { Icon } from "../ui/icons";
import { MenuButton, type MenuGroup } from "../ui/menu_button";
import { useFrameKeys } from "./frame_keys";
import { LaunchOrganization } from "./launch_organization";
import { applyTheme, chosenTheme, type Theme, THEMES } from "./theme";

const SearchDialog = lazy(() => import("./search_dialog"));
const KeysDialog = later(() => import("./keys_dialog"));

export function TopBar() {
  const { t } = useTranslation();
  const { partner } = useViewer();
  const canSearch = usePermission("READ_CUSTOMERS");
  const [dialog, setDialog] = useState<"search" | "keys" | null>(null);
  useFrameKeys({ onSearch: () => canSearch && setDialog("search"), onHelp: () => setDialog("keys") });
  return (
    <header className="top-bar">
      <p className="top-bar-partner">{partner.name}</p>
      {canSearch && (
        <Button className="search-button" aria-label={t("search.title")} onPress={() => setDialog("search")}>
          <Icon name="search" />
          <span>{t("search.button")}</span>
          <kbd aria-hidden="true">/</kbd>
        </Button>
      )}
      <LaunchOrganization />
      <Connection />
      <ViewerMenu onKeys={() => setDialog("keys")} />
      <Suspense>
        {dialog === "search" && <SearchDialog onClose={() => setDialog(null)} />}
        {dialog === "keys" && <KeysDialog onClose={() => setDialog(null)} />}
      </Suspense>
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

function ViewerMenu({ onKeys }: { onKeys(): void }) {
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
        { id: "keys", text: t("viewer.keys"), end: "?", onAction: onKeys },
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
