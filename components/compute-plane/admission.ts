/** What the API server is told to refuse in a plane, from its settings. */
import type * as pulumi from "@pulumi/pulumi";
import { Admission } from "../admission/admission.ts";
import { taskServiceAccount } from "../identity/contract.ts";
import { shippedLogs } from "../logs/contract.ts";
import type { ComputePlaneArgs } from "./args.ts";
import { besideOf, cloudRoles, exceptionsOf } from "./namespaces.ts";
import { onDemandOf } from "./on-demand.ts";

export function admit(
  name: string,
  projectNamespaces: string[],
  args: ComputePlaneArgs,
  parent: pulumi.Resource,
): Admission {
  const { namespace, image, admission = {}, management, connector, appsConnector, cloud } = args;
  const shipped = shippedLogs(args.logs);
  const onDemand = onDemandOf(args.projects);
  return new Admission(
    `${name}-admission`,
    {
      namespace,
      projectNamespaces,
      exceptions: exceptionsOf(args),
      beside: besideOf(args),
      ...(shipped ? { shipperImage: shipped.image } : {}),
      ...(args.apps ? { queueImage: args.apps.images.queue } : {}),
      ...(args.imageBuilder ? { builderImages: { build: args.imageBuilder.image, service: image } } : {}),
      images: {
        platform: [...new Set([image, ...[connector, appsConnector].flatMap((one) => (one ? [one.image] : []))])],
        tasks: admission.approvedRegistries,
        tasksByDigest: admission.taskImagesByDigest,
      },
      cloud: cloud.cloud,
      roles: cloudRoles(args),
      taskAccount: taskServiceAccount,
      operatorGroups: admission.operatorGroups,
      management,
      ...(onDemand.length > 0
        ? {
            sync: {
              onDemand,
              settings: {
                ...args,
                cloud: cloud.cloud,
                buildsImages: args.imageBuilder !== undefined,
                servesApps: args.apps !== undefined,
              },
            },
          }
        : {}),
    },
    { parent },
  );
}
