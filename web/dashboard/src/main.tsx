/** The entry: texts first, then the page. */
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./base.css";
import { App } from "./app";
import { loadTexts } from "./texts/texts";

const root = document.getElementById("page");
if (root) void loadTexts().then(() => createRoot(root).render(<App />));
