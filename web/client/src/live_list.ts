/** Keeping a list of customers true: where a change of `customerListChanged` belongs in the order of the list. */

export interface ListedCustomer {
  id: string;
  sortName: string;
  urgency?: number | null;
  nextExpiryAt?: string | null;
  createdAt?: string;
  lastAdministratorSignInAt?: string | null;
}

export interface ListOrder {
  field: "NAME" | "CREATED_AT" | "LAST_ADMINISTRATOR_SIGN_IN_AT" | "NEXT_EXPIRY_AT" | "URGENCY";
  direction: "ASC" | "DESC";
}

export interface ListChange<Customer> {
  kind: string;
  customerId: string;
  customer: Customer | null;
}

export interface LiveList<Customer> {
  customers: readonly Customer[];
  /** Whether the list continues after the last loaded customer. */
  hasMore: boolean;
}

const KEYS = {
  NAME: (customer: ListedCustomer) => customer.sortName,
  CREATED_AT: (customer: ListedCustomer) => customer.createdAt ?? null,
  LAST_ADMINISTRATOR_SIGN_IN_AT: (customer: ListedCustomer) => customer.lastAdministratorSignInAt ?? null,
  NEXT_EXPIRY_AT: (customer: ListedCustomer) => customer.nextExpiryAt ?? null,
  URGENCY: (customer: ListedCustomer) => customer.urgency ?? null,
};

/** Compares as the server orders: null last in both directions; ties by name, then id, in the order's direction. */
export function compareCustomers(order: ListOrder): (first: ListedCustomer, second: ListedCustomer) => number {
  const key = KEYS[order.field];
  const sign = order.direction === "ASC" ? 1 : -1;
  return (first, second) => {
    const [one, other] = [key(first), key(second)];
    if ((one === null) !== (other === null)) return one === null ? 1 : -1;
    return sign * (compare(one, other) || compare(first.sortName, second.sortName) || compare(first.id, second.id));
  };
}

/** Returns the list after a change. Applying a change twice has the effect of applying it once. */
export function applyChange<Customer extends ListedCustomer>(
  list: LiveList<Customer>,
  change: ListChange<Customer>,
  order: ListOrder,
): LiveList<Customer> {
  const customers = list.customers.filter(({ id }) => id !== change.customerId);
  const { customer } = change;
  if (change.kind === "LEFT" || customer === null) return { ...list, customers };
  const place = placeOf(customers, customer, compareCustomers(order));
  // Behind the last loaded customer it belongs to a page that is not loaded yet.
  if (place < customers.length || !list.hasMore) customers.splice(place, 0, customer);
  return { ...list, customers };
}

function placeOf<Customer extends ListedCustomer>(
  customers: readonly Customer[],
  customer: Customer,
  comparison: (first: ListedCustomer, second: ListedCustomer) => number,
): number {
  let [low, high] = [0, customers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = customers[middle];
    if (other !== undefined && comparison(other, customer) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(first: string | number | null, second: string | number | null): number {
  if (first === second || first === null || second === null) return 0;
  // Not localeCompare: the server compares folded texts by code points.
  return first < second ? -1 : 1;
}
