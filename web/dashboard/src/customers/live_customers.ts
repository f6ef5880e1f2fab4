/** The list of customers: loaded page by page, and kept true by its feed. It has no React in it. */
import { type Client, type CombinedError, stringifyDocument } from "@urql/core";
import { applyChange, type FeedClient, isCursorExpired } from "../../../client/src";
import type { CustomerListChangedSubscription, TagChangedSubscription } from "../gql/graphql";
import { CUSTOMER_LIST_CHANGED, type CustomerRow, CUSTOMERS, TAG_CHANGED } from "./documents";
import type { ListState } from "./filters";

const PAGE_SIZE = 100;
/** Of a list that no feed can follow, the first page is read again this long after a change of any customer. */
const RELOAD_MILLISECONDS = 2_000;
/** For this time a changed row is highlighted. */
export const HIGHLIGHT_MILLISECONDS = 1_500;
/** Changes that arrive together are shown together. */
const SHOW_MILLISECONDS = 40;

export interface Snapshot {
  customers: readonly CustomerRow[];
  hasMore: boolean;
  isLoading: boolean;
  error: CombinedError | undefined;
  /** Counts the changes of the feed, so that totals and facets know when to be read again. */
  changes: number;
  /** When which customer changed in the last moment, in milliseconds. */
  changedAt: ReadonlyMap<string, number>;
}

const EMPTY: Snapshot = { customers: [], hasMore: false, isLoading: true, error: undefined, changes: 0, changedAt: new Map() };

export class LiveCustomers {
  #snapshot = EMPTY;
  #endCursor: string | null = null;
  #endFeed: (() => void) | undefined;
  #generation = 0;
  #isLoadingMore = false;
  #reloadTimer: ReturnType<typeof setTimeout> | undefined;
  #showTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly client: Client,
    private readonly feed: FeedClient,
    private readonly state: ListState,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): Snapshot => this.#snapshot;

  /** Loads the first page, and follows the list from its cursor. */
  async load(): Promise<void> {
    const generation = ++this.#generation;
    this.#endFeed?.();
    const { data, error } = await this.#read(null, Math.max(PAGE_SIZE, Math.min(200, this.#snapshot.customers.length)));
    if (generation !== this.#generation) return;
    if (!data?.customers) {
      this.#show({ isLoading: false, error });
      return;
    }
    const { nodes, pageInfo } = data.customers;
    this.#endCursor = pageInfo.endCursor ?? null;
    this.#show({ customers: nodes, hasMore: pageInfo.hasNextPage, isLoading: false, error: undefined, changes: this.#snapshot.changes + 1 });
    this.#follow(data.feedCursor);
  }

  /** Loads the next page, where there is one and none is being loaded. */
  async loadMore(): Promise<void> {
    if (this.#isLoadingMore || !this.#snapshot.hasMore || this.#snapshot.isLoading) return;
    this.#isLoadingMore = true;
    const generation = this.#generation;
    const { data } = await this.#read(this.#endCursor, PAGE_SIZE);
    this.#isLoadingMore = false;
    if (generation !== this.#generation || !data?.customers) return;
    const { nodes, pageInfo } = data.customers;
    this.#endCursor = pageInfo.endCursor ?? null;
    // A customer that moved meanwhile may be on both pages.
    const known = new Set(this.#snapshot.customers.map(({ id }) => id));
    const added = nodes.filter(({ id }) => !known.has(id));
    this.#show({ customers: [...this.#snapshot.customers, ...added], hasMore: pageInfo.hasNextPage });
  }

  /** Shows a customer as a mutation has returned it, before the feed reports the change. */
  update(changed: Partial<CustomerRow> & { id: string }): void {
    const customers = this.#snapshot.customers.map((customer) => (customer.id === changed.id ? { ...customer, ...changed } : customer));
    this.#show({ customers });
  }

  close(): void {
    this.#generation += 1;
    this.#endFeed?.();
    clearTimeout(this.#reloadTimer);
    clearTimeout(this.#showTimer);
  }

  #read(after: string | null, first: number) {
    const variables = { filter: this.state.filter, orderBy: this.state.order, first, after };
    // The rows are kept here; the cache would join all pages again at each change.
    return this.client.query(CUSTOMERS, variables, { requestPolicy: "network-only" }).toPromise();
  }

  #follow(after: string): void {
    const filter = this.state.changesByTime ? {} : this.state.filter;
    const error = (failure: unknown) => isCursorExpired(failure) && void this.load();
    const complete = () => undefined;
    const endList = this.feed.subscribe(
      { query: stringifyDocument(CUSTOMER_LIST_CHANGED), variables: { filter, after } },
      { next: ({ data }) => data && this.#apply(data as unknown as CustomerListChangedSubscription), error, complete },
    );
    const endTags = this.feed.subscribe(
      { query: stringifyDocument(TAG_CHANGED), variables: { after } },
      { next: ({ data }) => data && this.#applyTag(data as unknown as TagChangedSubscription), error, complete },
    );
    this.#endFeed = () => {
      endList();
      endTags();
    };
  }

  /** A tag that is deleted is taken off by changes of its customers. */
  #applyTag({ tagChanged: { tagId, tag } }: TagChangedSubscription): void {
    if (!tag) return;
    const rename = (customer: CustomerRow) =>
      customer.tags.some(({ id }) => id === tagId) ? { ...customer, tags: customer.tags.map((present) => (present.id === tagId ? tag : present)) } : customer;
    // The facets name tags, too.
    this.#show({ customers: this.#snapshot.customers.map(rename), changes: this.#snapshot.changes + 1 });
  }

  #apply({ customerListChanged: change }: CustomerListChangedSubscription): void {
    if (this.state.changesByTime) {
      clearTimeout(this.#reloadTimer);
      this.#reloadTimer = setTimeout(() => void this.load(), RELOAD_MILLISECONDS);
      return;
    }
    const present = this.#snapshot;
    const { customers, hasMore } = applyChange(present, { ...change, customer: change.customer ?? null }, this.state.order);
    const now = Date.now();
    const recent = [...present.changedAt].filter(([, moment]) => moment > now - HIGHLIGHT_MILLISECONDS);
    const changedAt = new Map(recent).set(change.customerId, now);
    this.#snapshot = { ...present, customers, hasMore, changedAt, changes: present.changes + 1 };
    this.#showTimer ??= setTimeout(() => {
      this.#showTimer = undefined;
      this.#tell();
    }, SHOW_MILLISECONDS);
  }

  #show(part: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part };
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
