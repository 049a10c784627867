/** What `--probe` will do, told before it is done: where, with what rights, what is made and how it goes again. */
import { platformAccounts } from "../documented/components.ts";
import { projectNamespaces, type Target, type Targets } from "../target.ts";
import { logService } from "./log-service.ts";
import { storeHost } from "./store-host.ts";

export interface PlannedProbe {
  does: string;
  /** What is there for a time that was not there before. */
  makes: string;
  /** In Kubernetes, beyond what `verify permissions` prints. @default none */
  needs?: string;
}

const nothing = "nothing";
/** What an account's pods take. */
const identity = { aws: "role", gcp: "Google service account", azure: "managed identity" };
/** Who gives sessions. */
const giver = { aws: "STS", gcp: "STS", azure: "Entra" };

export function planProbes({ customer, google, azure, controlPlane }: Targets): PlannedProbe[] {
  const region = controlPlane
    ? [
        {
          does: `TLS handshakes of versions 1.0 to 1.3 with ${controlPlane.endpoint} and ${controlPlane.relayHost}, and a request to their port 80`,
          makes: nothing,
        },
        {
          does: `dial ${controlPlane.relayHost} by each channel, without a certificate and with a stranger's`,
          makes: nothing,
        },
        {
          does: `call every RPC of ${controlPlane.endpoint} without a credential, and with three that must not hold`,
          makes: "lines in the region's logs that say so",
        },
      ]
    : [];
  const plane = customer ?? google ?? azure;
  if (!plane) return region;
  const { namespace, platformServiceAccounts: accounts, buckets, org } = plane;
  const hosts = [storeHost(plane), logService(plane)?.host].filter((host) => host !== undefined);
  return [
    ...region,
    {
      does: `TLS handshakes of versions 1.0 to 1.3 with ${[...new Set(hosts)].join(" and ")}, and a request to ${hosts.length > 1 ? "their" : "its"} port 80`,
      makes: nothing,
    },
    {
      does: `offer two pods to ${projectNamespaces(plane).join(", ")} by dry runs: one that names no resources, one that asks for too much`,
      makes: `${nothing}: a dry run keeps none`,
      needs: "to create pods there",
    },
    {
      does: `bring tokens of ${namespace}/{${accounts.join(",")}} and of task pods' accounts to ${giver[plane.cloud]} for every ${identity[plane.cloud]} of theirs; with a task's session put, get and delete an object of its own, and try the same next door, where a platform account's session has put one`,
      makes: `tokens of ten minutes; objects under ${org}/…/biplane-probe/ and next-door-of-${org}/biplane-probe/ of ${buckets.metadata} and ${buckets.fastRegistration}, deleted at once`,
      needs: "to get these accounts and to create their tokens (serviceaccounts/token)",
    },
    {
      does: `dial from a restricted pod to two others and to every listening pod of ${namespace}`,
      makes:
        "a namespace biplane-probe-… with three pods and a policy; it goes at the end, on an interrupt, or with the next probe after ten minutes",
      needs: "to create and delete namespaces, and in them pods and network policies; to list pods and read their logs",
    },
    {
      does: `TLS handshakes from a restricted pod with every listening port of the platform's pods, and with ports of each that programs often open`,
      makes: "another namespace biplane-probe-… with two pods, which goes as the first does",
      needs: "to do the same",
    },
    ...(plane.cloud === "aws" ? [planReach(plane)] : []),
  ];
}

function planReach(plane: Target): PlannedProbe {
  const { namespace, org, buckets, roles } = plane;
  const accounts = platformAccounts(plane).join(",");
  return {
    does: `bring tokens of ${namespace}/{${accounts}} to STS for ${roles.admin} under the name of each session that it knows; with each account's own session put an object into both buckets and get one that is there`,
    makes: `tokens of ten minutes; objects under ${org}/biplane-probe/ of ${buckets.metadata} and ${buckets.fastRegistration}, deleted at once`,
    needs: "to create these accounts' tokens (serviceaccounts/token)",
  };
}

export function renderPlan(probes: readonly PlannedProbe[]): string {
  const lines = probes.flatMap(({ does, makes, needs }, at) => [
    `  ${at + 1}. ${does}`,
    `     makes ${makes}`,
    ...(needs ? [`     needs the right ${needs}`] : []),
  ]);
  return ["The probe will:", ...lines, ""].join("\n");
}
