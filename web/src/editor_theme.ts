/** The dark colours of the editors: GraphiQL's own, but comments that can be read on them. */
import { useMonaco } from "@graphiql/react";
import { useEffect } from "react";

/** GraphiQL's name for it: who defines it again replaces it, wherever it is already shown. */
const NAME = "graphiql-DARK";
const NOTHING = "#ffffff00";
const BACKGROUND = "#212a3b";
const PRIMARY = "#ff5794";
const PRIMARY_BACKGROUND = "#ff579419";
const ARGUMENT = "#908aff";
/** Monaco's has a contrast of 3.7 on this background, this one 6. */
const COMMENT = "#86b074";

// GraphiQL does not export its theme, and Monaco's themes extend no other but Monaco's.
const COLORS: Readonly<Record<string, readonly string[]>> = {
  [NOTHING]: ["editor.background", "scrollbar.shadow"],
  [BACKGROUND]: ["editorHoverWidget.background", "menu.background", "editorSuggestWidget.background", "quickInput.background", "editorWidget.background"],
  [PRIMARY]: [
    "textLink.foreground", "textLink.activeForeground", "editorLink.activeForeground", "list.highlightForeground", "list.focusHighlightForeground",
    "editorSuggestWidget.selectedForeground", "focusBorder", "editorWidget.resizeBorder", "pickerGroup.foreground", "menu.selectionForeground",
  ],
  [PRIMARY_BACKGROUND]: [
    "list.hoverBackground", "editorSuggestWidget.selectedBackground", "toolbar.hoverBackground", "inputOption.hoverBackground",
    "quickInputList.focusBackground", "menu.selectionBackground",
  ],
  "#b7c2d711": ["input.background"],
  "#ffffff": ["quickInputList.focusForeground"],
};

export function useReadableComments(): void {
  const monaco = useMonaco((state) => state.monaco);
  useEffect(() => {
    const colors = Object.fromEntries(Object.entries(COLORS).flatMap(([color, names]) => names.map((name) => [name, color])));
    const rules = [
      { token: "argument.identifier.gql", foreground: ARGUMENT },
      { token: "comment", foreground: COMMENT },
    ];
    monaco?.editor.defineTheme(NAME, { base: "vs-dark", inherit: true, colors, rules });
  }, [monaco]);
}
