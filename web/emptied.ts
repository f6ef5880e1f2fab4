/** Removes what an earlier build has left in one folder: the folder around it holds what other builds have written. */
import { rm } from "node:fs/promises";
import type { Plugin } from "vite";

export function emptied(folder: string): Plugin {
  return {
    name: "emptied",
    apply: "build",
    buildStart: () => rm(folder, { recursive: true, force: true }),
  };
}
