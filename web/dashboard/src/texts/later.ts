/** Parts of the pages that are loaded when they are first opened, together with the texts of all but the first page. */
import { type ComponentType, lazy } from "react";
import { loadPageTexts } from "./texts";

export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(async () => {
    const [part] = await Promise.all([load(), loadPageTexts()]);
    return part;
  });
}
