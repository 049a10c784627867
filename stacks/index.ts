/**
 * The program of every stack, for `pulumi up` and for the Automation API alike. Only the chosen shape is loaded. It is a
 * default export without others beside it, since Pulumi's Node host takes either the one or the others.
 */
import { runtime } from "@pulumi/pulumi";
import { keepCompiled } from "./compiled.ts";
import { spareDebugging } from "./spare.ts";

export default async function program(): Promise<Record<string, unknown>> {
  spareDebugging();
  keepCompiled();
  // Only here, so that these are kept too.
  const { readConfig, readShape } = await import("./read-config.ts");
  const given = runtime.allConfig();
  switch (readShape(given)) {
    case "region": {
      const config = readConfig("region", given);
      return { ...(await import("./region.ts")).region(config) };
    }
    case "customer-account": {
      const config = readConfig("customer-account", given);
      return { ...(await import("./customer-account.ts")).customerAccount(config) };
    }
    case "customer-base": {
      const config = readConfig("customer-base", given);
      return { ...(await import("./customer-base.ts")).customerBase(config) };
    }
    case "customer": {
      const config = readConfig("customer", given);
      return { ...(await import("./customer.ts")).customer(config) };
    }
    case "customer-base-gcp": {
      const config = readConfig("customer-base-gcp", given);
      return { ...(await import("./customer-base-gcp.ts")).customerBase(config) };
    }
    case "customer-gcp": {
      const config = readConfig("customer-gcp", given);
      return { ...(await import("./customer-gcp.ts")).customer(config) };
    }
    case "customer-link-gcp": {
      const config = readConfig("customer-link-gcp", given);
      return { ...(await import("./customer-link-gcp.ts")).customerLink(config) };
    }
    case "customer-base-azure": {
      const config = readConfig("customer-base-azure", given);
      return { ...(await import("./customer-base-azure.ts")).customerBase(config) };
    }
    case "customer-azure": {
      const config = readConfig("customer-azure", given);
      return { ...(await import("./customer-azure.ts")).customer(config) };
    }
    case "customer-link-azure": {
      const config = readConfig("customer-link-azure", given);
      return { ...(await import("./customer-link-azure.ts")).customerLink(config) };
    }
  }
}
