/** Apps as the Flyte client deploys them, and what Knative says of them. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Spec_DesiredState, SpecSchema } from "../../../../gen/flyteidl2/app/app_definition_pb.js";
import { annotations, type KnativeCondition, type KnativeRevision, type KnativeService } from "../knative.ts";
import { type AppSettings, type DesiredApp, planService } from "../plan.ts";

export const appSettings: AppSettings = {
  org: "acme",
  controlPlaneHost: "region.acme.test",
  eagerSecret: "biplane-task-identity",
  dataRoot: "s3://metadata",
  resources: {
    defaultRequests: { cpu: "50m", memory: "128Mi" },
    defaultLimits: { cpu: "1", memory: "1Gi" },
    maximum: { cpu: "2", memory: "2Gi" },
  },
  namespaces: new Set(["demo-development"]),
};

/** As `flyte deploy` makes it of an environment with a server. */
export const command = [
  ...["fserve", "--version", "v1", "--project", "demo", "--domain", "development", "--org", "acme"],
  ...["--tgz", "s3://fast/acme/code.tgz", "--dest", ".", "--raw-data-path", "{{.rawOutputDataPrefix}}", "--"],
];

type SpecInit = Exclude<MessageInitShape<typeof SpecSchema>, { $typeName: string }>;

export function desired(spec: SpecInit = {}, more: Partial<DesiredApp> = {}): DesiredApp {
  const container = { image: "registry.test/app:v1", command, ports: [{ containerPort: 8080 }] };
  return {
    ...{ org: "acme", project: "demo", domain: "development", name: "hello", uid: "u1", revision: 1n },
    host: "hello-demo-development",
    spec: create(SpecSchema, {
      appPayload: { case: "container", value: container },
      desiredState: Spec_DesiredState.ACTIVE,
      ...spec,
    }),
    ...more,
  };
}

/** As the cluster has it once its controller has looked. */
export function observed(
  app: DesiredApp,
  conditions: KnativeCondition[],
  status: Partial<KnativeService["status"]> = {},
): KnativeService {
  const service = planService(app, appSettings);
  const metadata = { ...service.metadata, generation: 3, resourceVersion: "1" };
  return {
    ...service,
    metadata: { ...metadata, annotations: { ...service.metadata.annotations, [annotations.uid]: app.uid } },
    status: { observedGeneration: 3, conditions, latestCreatedRevisionName: "hello-00002", ...status },
  };
}

export function revisionOf(actualReplicas: number, conditions: KnativeCondition[] = []): KnativeRevision {
  return { metadata: { name: "hello-00002", namespace: "demo-development" }, status: { actualReplicas, conditions } };
}
