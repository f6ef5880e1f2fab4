/** How GraphiQL is built: hashed files under /graphql/assets/, all from our own origin, each with a .gz beside it. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { type Plugin, defineConfig } from "vite";

/** Compressing 5 MB while the server serves would hold up its feeds, so it is done once, here. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir }) {
      const assets = join(dir ?? "dist", "assets");
      const names = (await readdir(assets)).filter((name) => /\.(js|css)$/.test(name));
      const compress = async (name: string) => {
        const content = await readFile(join(assets, name));
        await writeFile(join(assets, `${name}.gz`), gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
      };
      await Promise.all(names.map(compress));
    },
  };
}

export default defineConfig({
  // server/http/graphiql.py serves dist/index.html at /graphql and dist/assets/ at /graphql/assets/.
  base: "/graphql/",
  plugins: [compressed()],
  build: {
    target: "es2022",
    // The polyfill would be a script of its own; every browser that runs Monaco knows modulepreload.
    modulePreload: { polyfill: false },
    // Monaco alone is larger than the warning's limit, and it is loaded after the page stands.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // Libraries that also run on servers mark files with "use client"; in a browser that says nothing.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  // Workers that are modules are files of our origin, so that the policy needs no blob: and no unsafe-eval.
  worker: { format: "es" },
});
