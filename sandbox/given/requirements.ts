/** Whether a given cluster can carry a plane, judged from what was read of it; every problem comes with its way out. */
import { quantityToScalar } from "@kubernetes/client-node/dist/util.js";
import { refusal, UserError } from "../../shared/errors.ts";
import { type GivenKubeconfig, optionOf } from "./kubeconfig.ts";
import { removalByHand } from "./made.ts";
import { inWords } from "./permissions.ts";
import type { ClusterNode, Survey } from "./survey.ts";

const oldestMinor = 30;

/** What the services of a plane and a few tasks ask for; measured on the local run's own nodes, rounded up. */
const room = { cpu: 1, memoryGiB: 2, pods: 20 };

export interface Asked {
  given: Pick<GivenKubeconfig, "plane" | "file" | "server">;
  /** Architecture of the images: this machine's, in Go's words. */
  architecture: string;
  /** The run has begun there before: what is present is its own. */
  resumed: boolean;
}

/** @throws UserError that lists all that stands in the way. */
export function requireFit(survey: Survey, asked: Asked): void {
  const problems = [
    ...versionProblems(survey),
    ...issuerProblems(survey),
    ...permissionProblems(survey),
    ...nodeProblems(survey, asked),
    ...roomProblems(survey, asked),
    ...presentProblems(survey, asked),
  ];
  if (problems.length === 0) return;
  const { plane, file, server } = asked.given;
  const lines = problems.map((problem) => `- ${problem}`).join("\n");
  throw new UserError(
    `${optionOf(plane)} ${file}: the cluster at ${server} cannot carry the ${plane}'s plane:\n${lines}`,
  );
}

/** @throws UserError when both planes would be one cluster, whatever files lead there. */
export function requireTwoClusters(uids: Partial<Record<"region" | "customer", string>>): void {
  if (uids.region === undefined || uids.region !== uids.customer) return;
  throw refusal({
    subject: `${optionOf("region")} and ${optionOf("customer")}`,
    value: "one and the same cluster",
    allowed: "a cluster for each plane: nothing of the customer's may lie in the region's",
  });
}

function versionProblems({ version }: Survey): string[] {
  const minor = Number.parseInt(version.minor, 10);
  if (version.major === "1" && minor >= oldestMinor) return [];
  return [`Kubernetes is ${version.gitVersion}; allowed: 1.${oldestMinor} or newer. Upgrade it.`];
}

/** The local STS knows issuers as AWS does: by an https URL with a host name. */
function issuerProblems({ issuer }: Survey): string[] {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const named = url?.protocol === "https:" && /[a-z]/i.test(url.hostname) && !url.hostname.startsWith("[");
  if (named && !url.search && !url.hash) return [];
  return [
    `its service account issuer is ${JSON.stringify(issuer)}; allowed: an https URL with a host name. Set the API server's --service-account-issuer.`,
  ];
}

function permissionProblems({ refused }: Survey): string[] {
  if (refused.length === 0) return [];
  const words = refused.map(inWords).join(", ");
  return [`the kubeconfig's user may not: ${words}. Bind it to the cluster role cluster-admin, or grant these.`];
}

function nodeProblems({ nodes }: Survey, { architecture }: Asked): string[] {
  const usable = nodes.filter(({ schedulable }) => schedulable);
  if (usable.length === 0) return ["no Linux node is Ready and takes pods. Uncordon one, or remove its taints."];
  const foreign = usable.filter((node) => node.architecture !== architecture);
  if (foreign.length === 0) return [];
  const words = foreign.map(({ name, architecture }) => `${name} (${architecture})`).join(", ");
  return [
    `these nodes cannot run this machine's images, which are ${architecture}: ${words}. Cordon them for the time of the run.`,
  ];
}

/** Once the run has begun, its own pods are among what is asked for. */
function roomProblems({ nodes, requests }: Survey, { resumed }: Asked): string[] {
  const usable = nodes.filter(({ schedulable }) => schedulable);
  if (resumed || usable.length === 0) return [];
  const free = {
    cpu: freeOf("cpu", usable, requests),
    memoryGiB: freeOf("memory", usable, requests) / 2 ** 30,
    pods: sum(usable.map(({ allocatable }) => amount(allocatable.pods))) - requests.length,
  };
  return (Object.keys(room) as (keyof typeof room)[])
    .filter((what) => free[what] < room[what])
    .map((what) => {
      const word = { cpu: "CPUs", memoryGiB: "GiB of memory", pods: "pods" }[what];
      return `${Number(free[what].toFixed(2))} ${word} are free; allowed: ${room[what]} or more. Make room, or add a node.`;
    });
}

function freeOf(what: "cpu" | "memory", nodes: ClusterNode[], pods: Survey["requests"]): number {
  const names = new Set(nodes.map(({ name }) => name));
  const asked = pods.filter(({ node }) => names.has(node)).flatMap(({ requests }) => requests);
  return (
    sum(nodes.map(({ allocatable }) => amount(allocatable[what]))) - sum(asked.map((request) => amount(request[what])))
  );
}

function presentProblems({ present }: Survey, { given, resumed }: Asked): string[] {
  if (resumed || present.length === 0) return [];
  const words = present.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  return [
    `it has already what the run would make and \`down\` would remove: ${words}. If nobody needs them: ${removalByHand(given.file, present)}`,
  ];
}

/** @param quantity such as 500m or 1Gi; nothing asks for nothing. */
function amount(quantity: string | undefined): number {
  return quantity ? Number(quantityToScalar(quantity)) : 0;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
