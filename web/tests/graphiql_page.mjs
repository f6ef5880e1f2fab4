/** GraphiQL as a person meets it: the token's field, the saved operations, the run button, the panes. */

import { until } from "./browser.mjs";

/** A limit for what never comes, not a pace: other tests may share the machine. */
const PATIENCE_MS = 60_000;

export class GraphiQLPage {
  constructor(page, screenshots) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    this.screenshots = screenshots;
    this.tokenField = page.getByLabel("Access token");
    this.tokenOwner = page.locator("#token-owner");
  }

  async open(address) {
    await this.page.goto(address);
    await this.page.getByRole("button", { name: "Execute query" }).waitFor();
    await until(this.page, () => globalThis.__MONACO?.editor.getEditors().length >= 3);
  }

  async giveToken(token) {
    const before = await this.tokenOwner.innerText();
    await this.tokenField.fill(token);
    await until(this.page, (old) => {
      const owner = document.querySelector(".token-owner-known, .token-owner-refused");
      return owner !== null && owner.textContent !== old;
    }, before);
    return this.tokenOwner.innerText();
  }

  /** The titles in the menu of saved operations. */
  async samples() {
    await this.page.getByRole("button", { name: "Sample operations" }).click();
    const titles = await this.page.getByRole("menuitem").allInnerTexts();
    await this.page.keyboard.press("Escape");
    await this.page.getByRole("menu").waitFor({ state: "detached" });
    return titles;
  }

  async openSample(title) {
    await this.page.getByRole("button", { name: "Sample operations" }).click();
    await this.page.getByRole("menuitem", { name: title, exact: true }).click();
    await until(
      this.page,
      (first) => globalThis.__MONACO.editor.getModels().some((model) => model.getLineContent(1) === first),
      `# ${title}`,
    );
  }

  run() {
    return this.page.getByRole("button", { name: "Execute query" }).click();
  }

  /** Waits until the response pane holds all of these texts; resolves to its whole content. */
  async response(...texts) {
    const found = await until(this.page, (wanted) => {
      const model = globalThis.__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith("response.json"));
      const content = model?.getValue() ?? "";
      return wanted.every((text) => content.includes(text)) && { content };
    }, texts);
    return (await found.jsonValue()).content;
  }

  setVariables(variables) {
    return this.page.evaluate((text) => {
      const { editor } = globalThis.__MONACO;
      editor
        .getModels()
        .find(({ uri }) => uri.path.endsWith("variables.json"))
        .setValue(text);
    }, JSON.stringify(variables));
  }

  variables() {
    return this.page.evaluate(() => {
      const { editor } = globalThis.__MONACO;
      return editor
        .getModels()
        .find(({ uri }) => uri.path.endsWith("variables.json"))
        .getValue();
    });
  }

  /** What the language worker finds wrong in the editors; proves that it runs once it has found something. */
  complaintsOfTheWorker(expected) {
    return until(
      this.page,
      (wanted) => {
        const messages = globalThis.__MONACO.editor.getModelMarkers({}).map(({ message }) => message);
        return wanted
          ? messages.some((message) => message.includes(wanted)) && messages
          : messages.length === 0 && ["none"];
      },
      expected,
    ).then((found) => found.jsonValue());
  }

  setOperation(text) {
    return this.page.evaluate((operation) => {
      const { editor } = globalThis.__MONACO;
      editor
        .getModels()
        .find(({ uri }) => uri.path.endsWith("operation.graphql"))
        .setValue(operation);
    }, text);
  }

  async screenshot(name) {
    if (this.screenshots) await this.page.screenshot({ path: `${this.screenshots}/${name}.png` });
  }
}
