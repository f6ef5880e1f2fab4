/** What the first picture of a page needs comes first: the chosen theme, then the style sheets, then the scripts. */
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { Plugin } from "vite";

const STYLE_SHEET = /\s*<link rel="stylesheet"[^>]*>/g;

/** Adds the script of the file `path` to the page, to run before anything is drawn; the policy allows no inline script. */
export function firstPaint(path: string): Plugin[] {
  return [served(path), built(path)];
}

function served(path: string): Plugin {
  let address = "";
  return {
    name: "first-paint-served",
    apply: "serve",
    configResolved({ root }) {
      address = `/${relative(root, path)}`;
    },
    transformIndexHtml: () => [{ tag: "script", attrs: { src: address }, injectTo: "head-prepend" }],
  };
}

function built(path: string): Plugin {
  let file = "";
  return {
    name: "first-paint",
    apply: "build",
    async buildStart() {
      file = this.emitFile({ type: "asset", name: "first.js", source: await readFile(path, "utf-8") });
    },
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const page = bundle["index.html"];
        if (page?.type !== "asset") throw new Error("The build has no index.html.");
        const html = String(page.source);
        const sheets = (html.match(STYLE_SHEET) ?? []).join("");
        const first = `<script src="/${this.getFileName(file)}"></script>${sheets}\n    `;
        page.source = html.replace(STYLE_SHEET, "").replace('<script type="module"', `${first}<script type="module"`);
      },
    },
  };
}
