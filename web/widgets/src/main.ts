/** The module of the widgets: it defines the elements; `connect` gives them a server and a token. */
import { ActivityFeed, CustomerStatuses, LicenseTrend, PartnerKpis } from "./elements";

export { connect, type HubOptions } from "./hub";

const ELEMENTS: Record<string, CustomElementConstructor> = {
  "partner-kpis": PartnerKpis,
  "customer-statuses": CustomerStatuses,
  "license-trend": LicenseTrend,
  "activity-feed": ActivityFeed,
};

for (const [name, constructor] of Object.entries(ELEMENTS)) if (!customElements.get(name)) customElements.define(name, constructor);
