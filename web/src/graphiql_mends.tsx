/** What GraphiQL does not do itself: tabs that screen readers can use, and editors that follow the system's theme in readable colours. */
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";
import { useReadableComments } from "./editor_theme";

export function GraphiQLMends() {
  useTabsAsButtons();
  useThemeOfTheSystem();
  useReadableComments();
  return null;
}

/** GraphiQL's tabs have the role `tab`, which hides the buttons inside them: here they are a list of buttons. */
function useTabsAsButtons(): void {
  const tabs = useGraphiQL((state) => state.tabs);
  const active = useGraphiQL((state) => state.activeTabIndex);
  useEffect(() => {
    document.querySelector(".graphiql-tabs")?.removeAttribute("role");
    for (const [place, tab] of document.querySelectorAll(".graphiql-tab").entries()) {
      tab.removeAttribute("role");
      tab.removeAttribute("aria-selected");
      tab.querySelector(".graphiql-tab-button")?.setAttribute("aria-current", String(place === active));
    }
  }, [tabs, active]);
}

/** The page changes with the system's theme; its editors would keep the colours of the one in which they were opened. */
function useThemeOfTheSystem(): void {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    if (theme) return;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setTheme(null);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [theme, setTheme]);
}
