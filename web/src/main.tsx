/** The entry: workers first, then the page. */
import "./workers";
import { createRoot } from "react-dom/client";
import { Page } from "./page";
// Not graphiql/style.css: that holds Monaco's own sheet too, which Monaco brings along itself.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

const root = document.getElementById("page");
if (root) createRoot(root).render(<Page />);
