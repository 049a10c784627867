/** EKS pod identity associations; the emulator has none. Nothing here hands out credentials by them: pods use IRSA. */
import { randomUUID } from "node:crypto";
import { fieldsOf, type KeptCall, now, type Operation, rest, text } from "../operation.ts";
import { inUse, notFound, requireCluster } from "./cluster.ts";

const kind = "eks/pod-identity";
const base = "/clusters/{clusterName}/pod-identity-associations";

export const podIdentity: readonly Operation[] = [
  rest("eks", "POST", base, async (call) => {
    const clusterName = text(call.path.clusterName, "clusterName");
    await requireCluster(call, clusterName);
    const namespace = text(call.input.namespace, "namespace");
    const serviceAccount = text(call.input.serviceAccount, "serviceAccount");
    const held = call.records(kind).under(clusterName);
    if (held.some((one) => one.namespace === namespace && one.serviceAccount === serviceAccount)) {
      throw inUse(`Association already exists: ${namespace}/${serviceAccount}`);
    }
    const associationId = `a-${randomUUID().replaceAll("-", "").slice(0, 17)}`;
    const association = {
      clusterName,
      namespace,
      serviceAccount,
      roleArn: text(call.input.roleArn, "roleArn"),
      associationArn: `arn:aws:eks:${call.region}:${call.account}:podidentityassociation/${clusterName}/${associationId}`,
      associationId,
      tags: fieldsOf(call.input.tags),
      createdAt: now(),
      modifiedAt: now(),
    };
    call.records(kind).set([clusterName, associationId], association);
    return { association };
  }),

  rest("eks", "GET", base, async (call) => {
    const clusterName = text(call.path.clusterName, "clusterName");
    await requireCluster(call, clusterName);
    const wanted = (field: string, value: unknown) => [null, value].includes(call.query.get(field));
    const associations = call
      .records(kind)
      .under(clusterName)
      .filter((one) => wanted("namespace", one.namespace) && wanted("serviceAccount", one.serviceAccount))
      .map(({ roleArn: _, tags: __, createdAt: ___, modifiedAt: ____, ...summary }) => summary);
    return { associations };
  }),

  rest("eks", "GET", `${base}/{associationId}`, async (call) => ({
    association: requireAssociation(call).association,
  })),

  rest("eks", "POST", `${base}/{associationId}`, async (call) => {
    const { key, association: held } = requireAssociation(call);
    const association = { ...held, roleArn: call.input.roleArn ?? held.roleArn, modifiedAt: now() };
    call.records(kind).set(key, association);
    return { association };
  }),

  rest("eks", "DELETE", `${base}/{associationId}`, async (call) => {
    const { key, association } = requireAssociation(call);
    call.records(kind).remove(...key);
    return { association };
  }),
];

function requireAssociation(call: KeptCall) {
  const key: [string, string] = [
    text(call.path.clusterName, "clusterName"),
    text(call.path.associationId, "associationId"),
  ];
  const association = call.records(kind).get(...key);
  if (!association) throw notFound(`No association found for associationId: ${key[1]} in cluster: ${key[0]}`);
  return { key, association };
}
