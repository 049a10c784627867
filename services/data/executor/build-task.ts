/** The task `build-image`, as this plane runs it: its own program, whatever a task of that name says of itself. */
import type { V1Container, V1Volume } from "@kubernetes/client-node";
import { builderAudience, buildTask } from "../../../components/image-builder/contract.ts";
import type { TaskTemplate } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { InvalidTaskError } from "./invalid-task.ts";

export interface BuildSettings {
  /** Of the services, by digest. */
  image: string;
  builderUrl: string;
  /** PEM: the authority by which the builder is known. */
  builderCa: string;
}

const tokenFolder = "/var/run/secrets/imagebuilder.biplane.dev";
/** The kubelet renews it before. */
const tokenSeconds = 3_600;

export function isBuildTask({ id }: TaskTemplate): boolean {
  return id?.project === buildTask.project && id.domain === buildTask.domain && id.name === buildTask.name;
}

/** @throws InvalidTaskError where nothing builds images */
export function buildContainer(settings: BuildSettings | undefined): { container: V1Container; volume: V1Volume } {
  if (!settings) {
    throw new InvalidTaskError(
      "this cluster builds no images: have its customer stack configured with imageBuilder, or build images elsewhere",
      "ImageBuilderMissing",
    );
  }
  const { image, builderUrl, builderCa } = settings;
  return {
    container: {
      name: "main",
      image,
      command: ["node", "/app/data/buildimage.mjs"],
      args: ["{{.input}}", "{{.outputPrefix}}"],
      env: [
        { name: "IMAGE_BUILDER_URL", value: builderUrl },
        { name: "IMAGE_BUILDER_CA", value: builderCa },
        { name: "IMAGE_BUILDER_TOKEN_FILE", value: `${tokenFolder}/token` },
      ],
      volumeMounts: [{ name: "builder-token", mountPath: tokenFolder, readOnly: true }],
      resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
    },
    volume: {
      name: "builder-token",
      projected: {
        sources: [
          { serviceAccountToken: { audience: builderAudience, expirationSeconds: tokenSeconds, path: "token" } },
        ],
      },
    },
  };
}
