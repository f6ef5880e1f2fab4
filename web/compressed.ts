/** Writes a .gz beside each built script and style sheet. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Compressing megabytes while the server serves would hold up its feeds, so it is done once, here. */
export function compressed(): Plugin {
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
