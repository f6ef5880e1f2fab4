/** The list of customers as it was shown last, to which a customer leads back: with its filter and order. */
let address = "/customers";

export function listAddress(): string {
  return address;
}

export function keepListAddress(parameters: URLSearchParams): void {
  address = parameters.size > 0 ? `/customers?${parameters}` : "/customers";
}
