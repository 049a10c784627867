/** Who may use a cluster's Kubernetes API (EKS access entries); the emulator has none. */
import { fieldsOf, type KeptCall, now, type Operation, rest, text } from "../operation.ts";
import type { Fields } from "../store.ts";
import { arnOf, inUse, invalid, notFound, requireCluster } from "./cluster.ts";

const kind = "eks/access-entry";

export const accessEntries: readonly Operation[] = [
  rest("eks", "POST", "/clusters/{clusterName}/access-entries", async (call) => {
    const cluster = await admitting(call);
    const principalArn = text(call.input.principalArn, "principalArn");
    if (call.records(kind).get(cluster, principalArn)) {
      throw inUse("The specified access entry resource is already in use on this cluster.");
    }
    return { accessEntry: createEntry(call, cluster, principalArn, call.input) };
  }),

  rest("eks", "GET", "/clusters/{clusterName}/access-entries", async (call) => {
    const cluster = await admitting(call);
    const entries = call.records(kind).under(cluster);
    const policy = call.query.get("associatedPolicyArn");
    const names = entries.map(({ principalArn }) => String(principalArn));
    const bearing = (name: string) => policy === null || call.records("eks/access-policy").get(cluster, name, policy);
    return { accessEntries: names.filter(bearing) };
  }),

  rest("eks", "GET", "/clusters/{clusterName}/access-entries/{principalArn}", async (call) => ({
    accessEntry: (await requireEntry(call)).entry,
  })),

  rest("eks", "POST", "/clusters/{clusterName}/access-entries/{principalArn}", async (call) => {
    const { cluster, principalArn, entry } = await requireEntry(call);
    const { kubernetesGroups = entry.kubernetesGroups, username = entry.username } = call.input;
    const accessEntry = { ...entry, kubernetesGroups, username, modifiedAt: now() };
    call.records(kind).set([cluster, principalArn], accessEntry);
    return { accessEntry };
  }),

  rest("eks", "DELETE", "/clusters/{clusterName}/access-entries/{principalArn}", async (call) => {
    const { cluster, principalArn } = await requireEntry(call);
    forgetEntry(call, cluster, principalArn);
    return {};
  }),
];

/** @returns the entry that is now kept */
export function createEntry(call: KeptCall, cluster: string, principalArn: string, given: Fields): Fields {
  const [, account = "", principalKind = "", name = ""] = principalOf(principalArn);
  const entry: Fields = {
    clusterName: cluster,
    principalArn,
    kubernetesGroups: given.kubernetesGroups ?? [],
    accessEntryArn: arnOf(call, "access-entry", cluster, principalKind, account, name),
    createdAt: now(),
    modifiedAt: now(),
    tags: fieldsOf(given.tags),
    username: given.username ?? userOf(principalArn, account, principalKind, name),
    type: given.type ?? "STANDARD",
  };
  call.records(kind).set([cluster, principalArn], entry);
  return entry;
}

export function forgetEntry(call: KeptCall, cluster: string, principalArn: string): void {
  call.records("eks/access-policy").remove(cluster, principalArn);
  call.records(kind).remove(cluster, principalArn);
}

/** @throws KeptRefusal unless cluster and entry are there */
export async function requireEntry(call: KeptCall) {
  const cluster = await admitting(call);
  const principalArn = text(call.path.principalArn, "principalArn");
  const entry = call.records(kind).get(cluster, principalArn);
  if (!entry) {
    const how = "You can view your available access entries with 'list-access-entries'.";
    throw notFound(`The specified principalArn could not be found. ${how}`);
  }
  return { cluster, principalArn, entry };
}

/** The cluster's name, if the cluster admits by access entries. */
async function admitting(call: KeptCall): Promise<string> {
  const name = text(call.path.clusterName, "clusterName");
  const { accessConfig } = await requireCluster(call, name);
  if (fieldsOf(accessConfig).authenticationMode === "CONFIG_MAP") {
    const modes = "one of [API, API_AND_CONFIG_MAP]";
    const message = `The cluster's authentication mode must be set to ${modes} to perform this operation.`;
    throw invalid("InvalidRequestException", message);
  }
  return name;
}

function principalOf(arn: string): string[] {
  const parts = /^arn:aws[\w-]*:iam::(\d{12}):(role|user)\/(?:.*\/)?([^/]+)$/.exec(arn);
  if (!parts) throw invalid("InvalidParameterException", "The principalArn parameter format is not valid");
  return parts;
}

function userOf(arn: string, account: string, principalKind: string, name: string): string {
  return principalKind === "role" ? `arn:aws:sts::${account}:assumed-role/${name}/{{SessionName}}` : arn;
}
