/**
 * Clusters that exist, in place of the local run's own nodes. A given cluster is checked before anything is made, gets
 * what a node of ours has by way of a gate (gate-main.ts), and is left as it was found.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { refusal } from "../../shared/errors.ts";
import type { Sandbox } from "../context.ts";
import { setTokenServiceHosts } from "../dns.ts";
import { network, type Plane } from "../hosts.ts";
import { nodeLayout } from "../node/layout.ts";
import { publishedEndpoint, writeFacts } from "../node/publish.ts";
import type { Paths } from "../paths.ts";
import { ensureAuthority } from "../pki.ts";
import { ensureGate } from "./gate.ts";
import { issuerPlace } from "./issuer.ts";
import { loadKubeconfig, optionOf } from "./kubeconfig.ts";
import { type OwnerApi, ownerApi } from "./owner-api.ts";
import { probeCluster } from "./probe.ts";
import { type GivenRecord, readRecord, writeRecord } from "./record.ts";
import { requireFit, requireTwoClusters } from "./requirements.ts";
import { type Survey, surveyCluster } from "./survey.ts";

export { readRecord } from "./record.ts";
export { removeFromCluster } from "./remove.ts";

export interface GivenPlane {
  api: OwnerApi;
  survey: Survey;
}

export type GivenPlanes = Partial<Record<Plane, GivenPlane>>;

const planes: Plane[] = ["region", "customer"];
/** Architectures in Go's words, as nodes tell theirs. */
const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;

/**
 * The clusters of this run, surveyed: those of the options, or those that it has begun with. Makes nothing.
 *
 * @param kubeconfigs files by plane
 * @throws UserError when one of them cannot carry its plane, or is not the one that the run has begun with.
 */
export async function chooseClusters(paths: Paths, kubeconfigs: Partial<Record<Plane, string>>): Promise<GivenPlanes> {
  const begun = existsSync(paths.state) && readdirSync(paths.state).length > 0;
  const record = readRecord(paths) ?? {};
  const chosen = await Promise.all(
    planes.map(async (plane) => {
      const wanted = kubeconfigs[plane];
      const held = record[plane];
      if (begun && wanted !== undefined && held === undefined) throw otherChoice(plane, wanted, "a node of its own");
      const file = wanted ?? held?.kubeconfig;
      if (file === undefined) return [];
      const api = ownerApi(loadKubeconfig(plane, resolve(file)));
      const survey = await surveyCluster(api, plane);
      if (held && held.uid !== survey.uid) throw otherChoice(plane, file, `the cluster at ${held.server}`);
      return [{ plane, api, survey, resumed: held !== undefined }];
    }),
  );
  const all = chosen.flat();
  requireTwoClusters(Object.fromEntries(all.map(({ plane, survey }) => [plane, survey.uid])));
  for (const { api, survey, resumed } of all) requireFit(survey, { given: api.given, architecture, resumed });
  return Object.fromEntries(all.map(({ plane, api, survey }) => [plane, { api, survey }]));
}

/** To be called before anything is made; planes that are not in it have nodes of their own. */
export function recordChoice(paths: Paths, given: GivenPlanes): void {
  const record: GivenRecord = {};
  for (const plane of planes) {
    const chosen = given[plane];
    if (!chosen) continue;
    const { file: kubeconfig, context, server } = chosen.api.given;
    record[plane] = { kubeconfig, context, server, uid: chosen.survey.uid };
  }
  writeRecord(paths, record);
  if (!given.customer) return;
  const { host } = issuerPlace(given.customer.survey.issuer);
  setTokenServiceHosts(paths, { [host]: network.issuerFront });
}

/** As ensureNode: returns when the cluster is reached as a node's is, and its facts are written. Needs the network. */
export async function ensureGiven(sandbox: Sandbox, { api, survey }: GivenPlane): Promise<void> {
  const { plane } = api.given;
  sandbox.progress(`${plane} cluster, given`);
  await ensureGate(sandbox, api, survey);
  const node = nodeLayout(sandbox.paths, plane);
  writeFacts(node, {
    endpoint: publishedEndpoint(node, survey.apiPort),
    certificateAuthorityData: readFileSync((await ensureAuthority(sandbox.paths)).certificate).toString("base64"),
    issuer: survey.issuer,
    version: survey.version.gitVersion,
  });
}

/**
 * Once for each image and set of nodes.
 *
 * @param image of the local registry that the plane's pods will run
 */
export async function probeGiven(sandbox: Sandbox, { api, survey }: GivenPlane, image: string): Promise<void> {
  const { plane } = api.given;
  sandbox.progress(`${plane} cluster: a pod on every node`);
  const passed = nodeLayout(sandbox.paths, plane).file("probed.json");
  const asked = JSON.stringify({ image, nodes: survey.nodes });
  if (existsSync(passed) && readFileSync(passed, "utf8") === asked) return;
  await probeCluster(api, survey, image);
  writeFileSync(passed, asked);
}

function otherChoice(plane: Plane, value: string, has: string): Error {
  return refusal({
    subject: optionOf(plane),
    value,
    allowed: `what this run has begun with: ${has}`,
    todo: "Run ./biplane down first.",
  });
}
