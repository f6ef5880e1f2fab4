/** How the widgets are built: one module, which server/http/widgets.py serves at /widgets.js. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compressed } from "../compressed.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: folder,
  plugins: [compressed()],
  build: {
    outDir: "../dist/widgets",
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: `${folder}src/main.ts`, formats: ["es"], fileName: () => "assets/widgets.js" },
  },
});
