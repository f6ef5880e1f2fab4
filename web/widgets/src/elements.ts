/** The four widgets. */
import { applyChange, type ListChange, type LiveList } from "../../client/src/live_list";
import { ACTIVITY, ACTIVITY_ADDED, CUSTOMERS, CUSTOMERS_CHANGED, KPIS, TREND } from "./documents";
import type { Hub } from "./hub";
import { statusIcon } from "./icons";
import type { TextKey } from "./texts";
import { trend, type TrendPoint } from "./trend";
import { element, Widget } from "./widget";

const TILES = ["totalCustomers", "nearingExpiration", "nearingRenewal", "lowLicenseAssignment", "overLicenseLimit"] as const;
const URGENCY = { field: "URGENCY", direction: "ASC" } as const;
const TREND_MILLISECONDS = 10_000;

type Kpis = Record<(typeof TILES)[number], { count: number }>;

/** `<partner-kpis product="CALLING">`: the five figures, live. Without a product they count both. */
export class PartnerKpis extends Widget {
  static readonly observedAttributes = ["product"];

  protected load(hub: Hub): void {
    const variables = { product: this.getAttribute("product") };
    this.follow<{ kpisChanged: Kpis }>(hub, { query: KPIS, variables }, ({ kpisChanged }) => this.#draw(kpisChanged));
  }

  #draw(kpis: Kpis): void {
    const tiles = TILES.map((name) =>
      element("div", name, element("dt", "", this.words.say(name)), element("dd", "", this.words.number(kpis[name].count))),
    );
    this.show(element("p", "head", this.words.say("kpis")), element("dl", "kpis", ...tiles));
  }
}

interface Customer {
  id: string;
  name: string;
  sortName: string;
  urgency: number | null;
  statusDetails: { status: TextKey; reason: string }[];
}

interface CustomersAnswer {
  feedCursor: string;
  customers: { totalCount: number; nodes: Customer[]; pageInfo: { hasNextPage: boolean } };
}

/** `<customer-statuses status="EXPIRING_SOON,LICENSE_OVERAGE" limit="20">`: the customers with these statuses, the most urgent first. */
export class CustomerStatuses extends Widget {
  static readonly observedAttributes = ["status", "limit"];

  protected async load(hub: Hub, isCurrent: () => boolean): Promise<void> {
    const names = (this.getAttribute("status") ?? "").split(/[\s,]+/).filter(Boolean);
    const filter = names.length ? { status: names } : null;
    const first = countOf(this.getAttribute("limit"), 20);
    const { feedCursor, customers } = await this.query<CustomersAnswer>(hub, CUSTOMERS, { filter, first });
    if (!isCurrent()) return;
    let list: LiveList<Customer> = { customers: customers.nodes, hasMore: customers.pageInfo.hasNextPage };
    let total = customers.totalCount;
    this.#draw(list, total, names);
    const operation = { query: CUSTOMERS_CHANGED, variables: { filter, after: feedCursor } };
    this.follow<{ customerListChanged: ListChange<Customer> }>(hub, operation, ({ customerListChanged: change }) => {
      total += change.kind === "ENTERED" ? 1 : change.kind === "LEFT" ? -1 : 0;
      const { customers: changed, hasMore } = applyChange(list, change, URGENCY);
      list = { customers: changed.slice(0, first), hasMore: hasMore || changed.length > first };
      this.#draw(list, total, names);
    });
  }

  #draw({ customers }: LiveList<Customer>, total: number, names: string[]): void {
    if (customers.length === 0) return this.showEmpty(this.words.say("noCustomers"));
    const rows = customers.map((customer) => {
      const shown = customer.statusDetails.filter(({ status }) => names.length === 0 || names.includes(status));
      const chips = shown.map(({ status, reason }) => {
        const chip = element("span", `chip ${status}`, statusIcon(status), this.words.say(status));
        chip.title = reason;
        return chip;
      });
      return element("li", "", this.customerButton(customer), element("div", "chips", ...chips));
    });
    this.show(element("p", "head", this.words.say(total === 1 ? "customer" : "customers", total)), element("ul", "", ...rows));
  }
}

/** `<license-trend product="CALLING" weeks="12">`: used, assigned and available licenses of each completed week. */
export class LicenseTrend extends Widget {
  static readonly observedAttributes = ["product", "weeks"];

  protected async load(hub: Hub, isCurrent: () => boolean): Promise<void> {
    const product = this.getAttribute("product") ?? "MEETINGS";
    const variables = { product, weeks: countOf(this.getAttribute("weeks"), 12) };
    const read = async () => {
      const answer = await this.query<{ licenseAnalytics: { licenseTrend: TrendPoint[] } | null }>(hub, TREND, variables);
      if (isCurrent()) this.#draw(answer.licenseAnalytics?.licenseTrend ?? []);
    };
    await read();
    if (!isCurrent()) return;
    // No feed has the weeks themselves: a change of the key figures says that they may have changed.
    let isWaiting = true;
    const release = () => (isWaiting = false);
    // The first message is the present state, which has just been read.
    setTimeout(release, TREND_MILLISECONDS);
    this.follow(hub, { query: KPIS, variables: { product } }, () => {
      if (isWaiting) return;
      isWaiting = true;
      setTimeout(() => {
        release();
        // A failure keeps what is shown; the next change reads again.
        if (isCurrent()) void read().catch(() => undefined);
      }, TREND_MILLISECONDS);
    });
  }

  #draw(points: TrendPoint[]): void {
    if (points.length === 0) return this.showEmpty(this.words.say("noTrend"));
    this.show(...trend(points, this.words));
  }
}

interface Event {
  id: string;
  at: string;
  summary: string;
  customer: { id: string; name: string } | null;
}

/** `<activity-feed limit="20">`: the newest events of the log. Their sentences are in English, as the server writes them. */
export class ActivityFeed extends Widget {
  static readonly observedAttributes = ["limit"];

  protected async load(hub: Hub, isCurrent: () => boolean): Promise<void> {
    const first = countOf(this.getAttribute("limit"), 20);
    const answer = await this.query<{ feedCursor: string; activity: { nodes: Event[] } }>(hub, ACTIVITY, { first });
    if (!isCurrent()) return;
    let events = answer.activity.nodes;
    this.#draw(events);
    const operation = { query: ACTIVITY_ADDED, variables: { after: answer.feedCursor } };
    this.follow<{ activity: { event: Event } }>(hub, operation, ({ activity: { event } }) => {
      if (events.some(({ id }) => id === event.id)) return;
      events = [event, ...events].slice(0, first);
      this.#draw(events);
    });
  }

  #draw(events: Event[]): void {
    if (events.length === 0) return this.showEmpty(this.words.say("noActivity"));
    const rows = events.map(({ at, summary, customer }) => {
      const sentence = element("div", "", summary);
      sentence.lang = "en";
      const time = element("span", "small", this.words.date(at, { dateStyle: "medium", timeStyle: "short" }));
      return element("li", "", sentence, time, ...(customer ? [" ", this.customerButton(customer)] : []));
    });
    this.show(element("p", "head", this.words.say("activity")), element("ul", "", ...rows));
  }
}

/** A number from 1 to 52: what the attribute says, or the usual one. */
function countOf(text: string | null, usual: number): number {
  const given = Number(text);
  return Number.isInteger(given) && given >= 1 && given <= 52 ? given : usual;
}
