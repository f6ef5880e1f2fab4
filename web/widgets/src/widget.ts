/** What all widgets share: a shadow root, its states, and the connection from attachment to removal. */
import { codeOf } from "../../client/src/connection";
import { isCursorExpired, isRefusal, type FeedOperation } from "../../client/src/feed";
import { type Hub, onHub } from "./hub";
import { sheet } from "./style";
import { type Words, wordsFor } from "./texts";

export abstract class Widget extends HTMLElement {
  protected words: Words = wordsFor("en");
  readonly #state = element("p", "state");
  readonly #banner = element("p", "banner");
  protected readonly content = element("div", "content");
  #hub: Hub | undefined;
  #run = 0;
  #ends: (() => void)[] = [];
  #endFeeds: (() => void)[] = [];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    // A constructed sheet is no inline style: the policy of the embedding page need not allow any.
    root.adoptedStyleSheets = [sheet];
    for (const each of [this.#state, this.#banner, this.content]) each.setAttribute("aria-live", "polite");
    this.#banner.hidden = true;
    root.append(this.#banner, this.#state, this.content);
  }

  connectedCallback(): void {
    this.#translate();
    this.#state.textContent = this.words.say("waiting");
    this.#ends.push(onHub((hub) => this.#connect(hub)));
  }

  disconnectedCallback(): void {
    this.#run += 1;
    for (const end of [...this.#ends.splice(0), ...this.#endFeeds.splice(0)]) end();
  }

  attributeChangedCallback(): void {
    if (this.#hub && this.isConnected) void this.#restart();
  }

  /** Loads and shows the data and follows its feed. */
  protected abstract load(hub: Hub, isCurrent: () => boolean): Promise<void> | void;

  protected query<Data>(hub: Hub, text: string, variables: Record<string, unknown>): Promise<Data> {
    return hub.query<Data>(text, variables, this.words.language);
  }

  protected follow<Data>(hub: Hub, operation: FeedOperation, change: (data: Data) => void): void {
    const sink = {
      next: ({ data, errors }: { data?: unknown; errors?: readonly { message: string }[] | undefined }) =>
        data ? change(data as Data) : this.#fail(errors),
      error: (failure: unknown) => (isCursorExpired(failure) ? void this.#restart() : this.#fail(failure)),
      complete: () => undefined,
    };
    this.#endFeeds.push(hub.feed.subscribe(operation, sink));
  }

  protected show(...nodes: Node[]): void {
    this.#state.hidden = true;
    this.content.replaceChildren(...nodes);
  }

  protected showEmpty(sentence: string): void {
    this.content.replaceChildren();
    this.#state.hidden = false;
    this.#state.replaceChildren(sentence);
  }

  /** A button that tells the embedding page which customer was chosen. */
  protected customerButton(customer: { id: string; name: string }): HTMLElement {
    const button = element("button", "customer", customer.name);
    button.addEventListener("click", () => {
      const { id, name } = customer;
      this.dispatchEvent(new CustomEvent("partnerhub-customer", { bubbles: true, composed: true, detail: { id, name } }));
    });
    return button;
  }

  #translate(): void {
    this.words = wordsFor(this.closest("[lang]")?.getAttribute("lang") ?? navigator.language);
    this.content.lang = this.words.language;
  }

  #connect(hub: Hub): void {
    this.#hub = hub;
    const end = hub.feed.onState((state) => {
      this.#banner.hidden = state !== "reconnecting";
      this.#banner.textContent = state === "reconnecting" ? this.words.say("reconnecting") : "";
    });
    this.#ends.push(end);
    void this.#restart();
  }

  async #restart(): Promise<void> {
    const hub = this.#hub;
    if (!hub) return;
    this.#run += 1;
    const run = this.#run;
    for (const end of this.#endFeeds.splice(0)) end();
    this.showEmpty(this.words.say("loading"));
    try {
      await this.load(hub, () => run === this.#run);
    } catch (failure) {
      if (run === this.#run) this.#fail(failure);
    }
  }

  #fail(failure: unknown): void {
    // Trying again would change nothing, and it is no fault: the page shows a widget that this role does not see.
    if (codeOf(failure) === "FORBIDDEN") return this.showEmpty(this.words.say("forbidden"));
    const isRefused = isRefusal(failure) || codeOf(failure) === "UNAUTHENTICATED";
    const again = element("button", "again", this.words.say("retry"));
    again.addEventListener("click", () => void this.#restart());
    this.showEmpty("");
    this.#state.append(isRefused ? this.words.say("refused") : (sentenceOf(failure) ?? this.words.say("closed")), " ", again);
    // The page can sign in again and call connect().
    if (isRefused) this.dispatchEvent(new CustomEvent("partnerhub-refused", { bubbles: true, composed: true }));
  }
}

export function element(name: string, className: string, ...content: (string | Node)[]): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

/** The server's sentence, or that of the browser; an event that closed a connection has none. */
function sentenceOf(failure: unknown): string | undefined {
  const first: unknown = Array.isArray(failure) ? failure[0] : failure;
  return typeof first === "object" && first !== null && "message" in first && first.message ? String(first.message) : undefined;
}
