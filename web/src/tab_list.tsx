/**
 * The tabs of GraphiQL, as a list of buttons. GraphiQL gives them the role `tab`, which hides the buttons inside them from
 * screen readers.
 */
import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";

export function TabListRoles() {
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
  return null;
}
