/** A Chromium that keeps note of all that a page must not do: errors on the console, requests to another origin. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Whatever a page asks of another host fails, and is noted below.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/**
 * Opens a browser with an empty profile; `close` ends it and deletes the profile. Its pages do not move, unless
 * `reducedMotion` is "no-preference": each second of an animation would be 60 pictures to draw.
 */
export async function openBrowser(origin, reducedMotion = "reduce") {
  const profile = await mkdtemp(join(tmpdir(), "partnerhub-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.PARTNERHUB_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
    reducedMotion,
  });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, close, ...watch(context, origin) };
}

/** Waits until `test` is true in the page; Playwright itself would look, and thereby draw, 60 times a second. */
export function until(page, test, argument) {
  return page.waitForFunction(test, argument, { polling: 50 });
}

function watch(context, origin) {
  const complaints = [];
  const foreign = [];
  const sockets = [];
  const socketOrigin = origin.replace(/^http/, "ws");
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (failure) => complaints.push(`uncaught: ${failure.error().message}`));
  context.on("request", (request) => {
    const address = request.url();
    // data: never leaves the page, and blob: would be refused by the policy.
    if (!address.startsWith(`${origin}/`) && !address.startsWith("data:")) foreign.push(address);
  });
  context.on("page", (page) =>
    page.on("websocket", (socket) => {
      sockets.push(socket);
      if (!socket.url().startsWith(`${socketOrigin}/`)) foreign.push(socket.url());
    }),
  );
  return { complaints, foreign, sockets };
}
