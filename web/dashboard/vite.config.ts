/** How the dashboard is built: one page, hashed files under /assets/, all from our own origin. */
import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import { defineConfig } from "vite";
import { compressed } from "../compressed.ts";
import { firstPaint } from "../first_paint.ts";
import { inlinedDocuments } from "../inlined_documents.ts";
import { manifest } from "../manifest.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: folder,
  base: "/",
  // The component set carries its texts in 34 languages; the pages have two.
  plugins: [{ ...optimizeLocales.vite({ locales: ["en-US", "sr-SP"] }), enforce: "pre" }, inlinedDocuments(`${folder}src/gql`, `${folder}src/api/document_of_text.ts`), manifest(`${folder}src/gql`), firstPaint(`${folder}src/frame/first_theme.js`), compressed()],
  build: {
    outDir: "../dist/dashboard",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // Small files stay files: the policy allows no data: addresses but images.
    assetsInlineLimit: 0,
    rolldownOptions: {
      onwarn(warning, warn) {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  server: {
    proxy: {
      "/graphql": { target: "http://127.0.0.1:8000", ws: true },
      "/development-sign-in": { target: "http://127.0.0.1:8000" },
    },
  },
});
