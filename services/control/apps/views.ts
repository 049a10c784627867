/** Apps as clients see them. Pure: from rows to messages. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type App, AppSchema, MetaSchema, SpecSchema } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { EnrichedIdentitySchema } from "../../../gen/flyteidl2/common/identity_pb.js";
import { identityView } from "../runs/views.ts";
import type { AppRow, ConditionRow } from "../store/apps.ts";

export function appView(org: string, row: AppRow): App {
  const { project, domain, name, started_at: startedAt } = row;
  const { labels, codeBundleUri, sourceCode } = fromBinary(MetaSchema, row.meta);
  const spec = fromBinary(SpecSchema, row.spec);
  const creator = { subject: row.created_by, kind: row.created_by_kind };
  spec.creator = create(EnrichedIdentitySchema, identityView(org, creator));
  const url = row.apps_domain === null ? "" : `https://${row.host}.${row.apps_domain}`;
  return create(AppSchema, {
    metadata: {
      ...{ id: { org, project, domain, name }, revision: BigInt(row.revision), labels, codeBundleUri },
      ...(sourceCode ? { sourceCode } : {}),
    },
    spec,
    status: {
      ...{ assignedCluster: row.cluster, lastAssignedCluster: row.cluster, currentReplicas: row.replicas },
      ingress: { publicUrl: url },
      createdAt: timestampFromDate(row.created_at),
      lastUpdatedAt: timestampFromDate(row.updated_at),
      ...(startedAt ? { lastStartedAt: timestampFromDate(startedAt) } : {}),
      conditions: row.conditions.map((condition) => conditionView(org, condition)),
      k8sMetadata: { namespace: `${project}-${domain}` },
    },
  });
}

/** The client takes the last for the app's state. */
function conditionView(org: string, row: ConditionRow) {
  const { status: deploymentStatus, substate, message, actor, actor_kind: kind } = row;
  return {
    ...{ deploymentStatus, substate, message },
    revision: BigInt(row.revision),
    lastTransitionTime: timestampFromMs(row.at),
    ...(kind === "" ? {} : { actor: identityView(org, { subject: actor, kind }) }),
  };
}
