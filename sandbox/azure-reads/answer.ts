/** A kept resource in the words of Azure's resource manager; pure. Programs give what the API takes, so little is turned. */
import type { ActivityEvent } from "../cloud/azure/activity.ts";
import { rows } from "../providers/azure/rows.ts";
import type { Entry } from "../providers/machine/kept.ts";
import { list, object } from "../providers/machine/reads.ts";
import type { Properties, Value } from "../providers/machine/values.ts";

export interface KeptSubscription {
  /** By ARM id. */
  kept: Readonly<Record<string, Entry>>;
  /** The newest first. @default none */
  activity?: () => readonly ActivityEvent[];
  /** Users' secrets in vaults, without their values: programs make none. @default none */
  secrets?: readonly { vault: string; name: string; contentType?: string; tags?: Record<string, string> }[];
}

/** What stands beside `properties` in every resource. */
const beside = ["location", "tags", "sku", "kind", "identity", "zones", "extendedLocation"];

/** The SDK's name for a property that the API calls otherwise. Source: the SDK's own mapping of each class. */
const renamed: Readonly<Record<string, string>> = {
  enableHttpsTrafficOnly: "supportsHttpsTrafficOnly",
  networkRuleSet: "networkAcls",
};

export function resourceOf(id: string, entry: Entry): object {
  const row = rows[entry.type];
  const naming = new Set(["resourceGroupName", "vaultName", "resourceUri", "scopeId", ...(row?.names ?? [])]);
  const { name, type, ...outputs } = entry.outputs;
  const own = Object.entries({ ...entry.inputs, ...outputs }).filter(([key]) => !naming.has(key));
  const top = own.filter(([key]) => isTop(entry.type, key));
  const inner = own.filter(([key]) => key !== "properties" && !isTop(entry.type, key));
  const properties = {
    ...object(entry.inputs.properties),
    ...Object.fromEntries(inner.map(([key, value]) => [renamed[key] ?? key, turned(key, value)])),
  };
  return {
    ...{ id, name: name ?? id.split("/").at(-1), type },
    ...Object.fromEntries(top.map(([key, value]) => [key, key === "identity" ? identityOf(value) : value])),
    properties: { ...properties, ...sealing(properties), provisioningState: "Succeeded" },
  };
}

/** A workspace has its price among its properties, and a storage account's key has no capitals. */
function isTop(type: string, key: string): boolean {
  if (type === "azure-native:operationalinsights:Workspace" && key === "sku") return false;
  return beside.includes(key);
}

function sealing({ encryption }: Properties): object {
  const { keySource, keyVaultProperties, ...others } = object(encryption);
  if (keySource === undefined) return {};
  const { keyVaultUri, keyName, keyVersion } = object(keyVaultProperties);
  return {
    encryption: {
      ...{ ...others, keySource },
      keyvaultproperties: { keyvaulturi: keyVaultUri, keyname: keyName, keyversion: keyVersion ?? "" },
    },
  };
}

/** Identities are listed when they are given, and are keys when they are told. */
function identityOf(value: Value | undefined): Value {
  const { userAssignedIdentities: given, ...others } = object(value);
  const named = Array.isArray(given) ? Object.fromEntries(given.map((id) => [String(id), {}])) : given;
  return named === undefined ? others : { ...others, userAssignedIdentities: named };
}

/** What is a resource of its own in the API. */
const apart = ["securityRules", "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"];

function turned(key: string, value: Value | undefined): Value | undefined {
  if (!apart.includes(key)) return value;
  return list(value).map((one) => {
    const { name = "", ...properties } = object(one);
    return { name, properties };
  });
}

const pageSize = 100;

/** @param self the request without its page, for the link to the next */
export function page(items: readonly object[], self: URL): object {
  const from = Number(self.searchParams.get("$skiptoken") ?? 0);
  const next = new URL(self);
  next.searchParams.set("$skiptoken", String(from + pageSize));
  return {
    value: items.slice(from, from + pageSize),
    ...(from + pageSize < items.length ? { nextLink: next.href } : {}),
  };
}
