import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { labelsOf } from "./labels.ts";

/** Above every pod that names no class, below what Kubernetes keeps for itself (two billion). */
const priority = 1_000_000;

/** Classes live outside of namespaces, so the name carries the namespace's. */
export function platformPriority(namespace: string): string {
  return physicalName("general", namespace, "platform");
}

/** A full cluster makes room for the platform's services at the cost of task pods, which are tried again. */
export function createPlatformPriority(
  name: string,
  { namespace, parent }: { namespace: string; parent: pulumi.Resource },
): pulumi.Output<string> {
  const created = new kubernetes.scheduling.v1.PriorityClass(
    name,
    {
      metadata: { name: platformPriority(namespace), labels: labelsOf("platform") },
      value: priority,
      description: "Services of the platform; task pods name no class",
    },
    { parent },
  );
  return created.metadata.name;
}
