/** Tags of what is kept; the emulator tags clusters only. */
import { fieldsOf, type KeptCall, type Operation, rest, text } from "../operation.ts";
import type { Fields } from "../store.ts";
import { notFound } from "./cluster.ts";

/** Resource type in the ARN → kind of record and the fields that make its key after the cluster's name. */
const tagged: Record<string, { kind: string; arn: string; key: string }> = {
  addon: { kind: "eks/addon", arn: "addonArn", key: "addonName" },
  "access-entry": { kind: "eks/access-entry", arn: "accessEntryArn", key: "principalArn" },
  nodegroup: { kind: "eks/node-group", arn: "nodegroupArn", key: "nodegroupName" },
  podidentityassociation: { kind: "eks/pod-identity", arn: "associationArn", key: "associationId" },
};

export const tags: readonly Operation[] = [
  rest("eks", "GET", "/tags/{resourceArn}", async (call) => {
    const found = find(call);
    return found ? { tags: found.tags } : { passed: await call.pass() };
  }),

  rest("eks", "POST", "/tags/{resourceArn}", async (call) => {
    const found = find(call);
    if (!found) return { passed: await call.pass() };
    found.keep({ ...found.tags, ...fieldsOf(call.input.tags) });
    return {};
  }),

  rest("eks", "DELETE", "/tags/{resourceArn}", async (call) => {
    const found = find(call);
    if (!found) return { passed: await call.pass() };
    const gone = call.query.getAll("tagKeys");
    found.keep(Object.fromEntries(Object.entries(found.tags).filter(([key]) => !gone.includes(key))));
    return {};
  }),
];

/** Undefined for what the emulator tags itself. */
function find(call: KeptCall): { tags: Fields; keep(tags: Fields): void } | undefined {
  const arn = text(call.path.resourceArn, "resourceArn");
  const [, type = "", cluster = "", name = ""] = /:([\w-]+)\/([^/]+)\/?([^/]*)/.exec(arn) ?? [];
  const place = tagged[type];
  if (!place) return undefined;
  const records = call.records(place.kind);
  const held = records.under(cluster).find((record) => record[place.arn] === arn);
  if (!held) throw notFound(`The specified resource was not found: ${arn}`);
  const key = String(held[place.key] ?? name);
  return { tags: fieldsOf(held.tags), keep: (tags) => records.set([cluster, key], { ...held, tags }) };
}
