/** What a build can reach, as its own steps try it: each refusal beside the same dial from a pod that no policy selects. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { buildNamespace, buildPodName, buildPort } from "../../components/image-builder/contract.ts";
import { nameLabel } from "../../components/workloads/labels.ts";
import { flyte } from "../../sandbox/client.ts";
import { network, packagesPort } from "../../sandbox/hosts.ts";
import { tcpProbes } from "../../sandbox/network/index.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { restrictedPod } from "../../verify/probes/pod.ts";
import { dialScript } from "../../verify/probes/pod-scripts.ts";
import { customerCluster, platform } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { checkout, environment, here } from "../support/local-run.ts";

const { proves } = evidenceFor("isolation/builds");
const { core } = customerCluster;
const built = String(environment.outputs.customer.namespaces).split(",").includes(buildNamespace);
const enforced = environment.networkPolicy === "enforced" && environment.clusters.customer === "own";
const mark = randomBytes(6).toString("hex");
const open = "builds-open";
const metadata = "169.254.169.254";
const patience = { timeout: 120_000, interval: 500 };

interface End {
  host: string;
  port: number;
}
type Ends = Record<string, End>;
const everything = z.object({
  reached: z.record(z.string(), z.boolean()),
  /** Files and processes in which the other build's mark was seen. */
  found: z.array(z.string()),
  /** The same of a mark that it has made itself. */
  own: z.array(z.string()),
  /** What the build's own daemon answered to a caller without a certificate. */
  daemon: z.string(),
});

/** Run by a step of a build, in the base image's Python: it fails the build, so that nothing is pushed. */
const probe = (to: Ends) => `
import glob, json, os, socket, ssl, subprocess
ends, mark = ${JSON.stringify(to)}, "".join(${JSON.stringify([...mark])})
def dial(end):
    try:
        socket.create_connection((end["host"], end["port"]), 4).close()
        return True
    except OSError:
        return False
def search(mark):
    found = []
    for folder in glob.glob("/proc/[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                if mark.encode() in open(os.path.join(folder, name), "rb").read():
                    found.append(os.path.join(folder, name))
            except OSError:
                pass
        found += glob.glob(folder + "/root/tmp/" + mark) + glob.glob(folder + "/cwd/tmp/" + mark)
    return found + subprocess.run(["find", "/", "-xdev", "-name", mark], capture_output=True, text=True).stdout.split()
# What it would find, if it were there to be found.
own = mark[::-1]
open("/tmp/" + own, "w").close()
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
try:
    with context.wrap_socket(socket.create_connection(("127.0.0.1", ${buildPort}), 4)) as daemon:
        daemon.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n")
        answer = "answered" if daemon.recv(1) else "closed"
except ssl.SSLError as error:
    answer = error.reason or "refused"
print("PROBED " + json.dumps({"reached": {name: dial(end) for name, end in ends.items()}, "found": search(mark), "own": search(own), "daemon": answer}), flush=True)
raise SystemExit(3)
`;

/** Has an image built whose one step of its own is this; the client says that the build failed, as it is to. */
async function build(step: string): Promise<string> {
  const encoded = Buffer.from(step).toString("base64");
  const command = `python3 -c "import base64; exec(base64.b64decode('${encoded}'))"`;
  const args = ["--no-progress", "--image-builder", "remote", "run", "built.py", "speak"];
  const { stdout, stderr } = await flyte(here, environment, args, {
    cwd: join(checkout, "examples"),
    env: { BIPLANE_IMAGE_NAME: `probe-${randomBytes(4).toString("hex")}`, BIPLANE_COMMAND: command },
  });
  const run = /Started build at: \S+\/runs\/(\w+)/.exec(`${stdout}${stderr}`.replace(/[\s│]+/g, " "))?.[1] ?? "";
  const namespace = `${environment.project}-${environment.domain}`;
  return core.readNamespacedPodLog({ namespace, name: `${run}-a0-0`, container: "main" });
}

async function buildPods(): Promise<V1Pod[]> {
  const labelSelector = `${nameLabel}=${buildPodName}`;
  return (await core.listNamespacedPod({ namespace: buildNamespace, labelSelector })).items;
}

async function platformEnds(): Promise<Ends> {
  const { items } = await core.listNamespacedPod({ namespace: platform, fieldSelector: "status.phase=Running" });
  const ends = items.flatMap(({ metadata: named, spec, status }) => {
    const listening = spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
    return listening && status?.podIP ? [[named?.name ?? "", { host: status.podIP, port: listening }] as const] : [];
  });
  return Object.fromEntries(ends);
}

const every = (ends: Ends, connected: boolean) =>
  Object.fromEntries(Object.keys(ends).map((name) => [name, connected]));

describe.skipIf(!built)("two builds at once", { ...needs("images"), timeout: 240_000 }, () => {
  const node = network.hosts.customer;
  const needed: Ends = {
    registries: { host: network.hosts.cloud.address, port: 443 },
    packages: { host: network.hosts.cloud.address, port: packagesPort },
  };
  const refused: Ends = {
    metadata: { host: metadata, port: 80 },
    "cluster API": { host: node.address, port: 6443 },
    kubelet: { host: node.address, port: 10_250 },
    "image store": { host: network.hosts.cloud.address, port: 5000 },
  };
  let services: Ends;
  let other: Ends;
  let answer: z.infer<typeof everything>;
  let metadataServer: ChildProcess;

  beforeAll(async () => {
    // A server at the address at which clouds give out credentials, on the node, as theirs is.
    const [enter = "", ...rest] = enterNetwork(node.namespace);
    await execa(enter, [...rest, "ip", "address", "replace", `${metadata}/32`, "dev", "lo"]);
    const listen = `require("node:net").createServer((s) => s.on("error", () => {}).end()).listen(80, "${metadata}", () => console.log("up"))`;
    metadataServer = spawn(enter, [...rest, process.execPath, "-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
    if (metadataServer.stdout) await once(metadataServer.stdout, "data");

    const hidden = `open("/tmp/${mark}", "w").write("${mark}"); import time; time.sleep(45); raise SystemExit(3)`;
    const first = build(hidden);
    const pod = await vi.waitFor(async () => {
      const [one] = (await buildPods()).filter(({ status }) => status?.containerStatuses?.[0]?.ready);
      if (!one?.status?.podIP) throw new Error("the first build has not begun");
      return one.status.podIP;
    }, patience);
    other = { "another build": { host: pod, port: buildPort } };
    services = await platformEnds();
    const log = await build(probe({ ...needed, ...refused, ...services, ...other }));
    answer = everything.parse(JSON.parse(/PROBED (\{.*\})/.exec(log)?.[1] ?? "{}"));
    expect(await first).toContain("python3 -c");
  }, 240_000);

  afterAll(async () => {
    metadataServer?.kill();
    const [enter = "", ...rest] = enterNetwork(node.namespace);
    await execa(enter, [...rest, "ip", "address", "del", `${metadata}/32`, "dev", "lo"], { reject: false });
    await core.deleteNamespace({ name: open }).catch(gone);
  });

  it("see nothing of each other, no file and no process, and cannot speak to their own daemon", () => {
    expect(answer.own).toEqual(
      expect.arrayContaining([`/tmp/${[...mark].reverse().join("")}`, expect.stringMatching(/^\/proc\//)]),
    );
    expect(answer.found).toEqual([]);
    expect(answer.daemon).toMatch(/CERTIFICATE|ALERT|closed/i);
  });

  it("reach registries and the package proxy", () => {
    expect(answer.reached).toMatchObject(every(needed, true));
  });

  it.skipIf(!enforced)(
    "reach nothing else: no service of the platform, not each other, not the metadata address",
    {
      ...needs("network-policy"),
    },
    async () => {
      proves(
        ["k8s-network-policies-isolate-pods"],
        "a pod that no policy selects reaches the metadata address, the cluster and the image store",
      );
      expect(Object.keys(services).length).toBeGreaterThan(3);
      expect(answer.reached).toMatchObject({
        ...every(refused, false),
        ...every(services, false),
        ...every(other, false),
      });
      expect(await dialFromOpen(refused)).toEqual(every(refused, true));
      // Whom their own policies keep out the node alone may reach, and they do listen.
      const targets = Object.values(services).map(({ host: address, port }) => ({ address, port }));
      expect(await tcpProbes(node.namespace, targets)).toEqual(targets.map(() => "connected"));
    },
  );
});

const gone = (error: unknown) => {
  if (!(error instanceof Error && "code" in error && error.code === 404)) throw error;
};

const exists = (error: unknown) => {
  if (!(error instanceof Error && "code" in error && error.code === 409)) throw error;
};

/** From a pod of a namespace without any policy. */
async function dialFromOpen(to: Ends): Promise<Record<string, boolean>> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await core.createNamespace({ body: { metadata: { name: open, labels } } }).catch(exists);
  const name = `dialler-${randomBytes(3).toString("hex")}`;
  const command = ["node", "-e", dialScript(Object.values(to))];
  await vi.waitFor(
    () =>
      core.createNamespacedPod({
        namespace: open,
        body: restrictedPod({ name, image: environment.servicesImage, command }),
      }),
    patience,
  );
  await vi.waitFor(async () => {
    expect((await core.readNamespacedPod({ namespace: open, name })).status?.phase).toBe("Succeeded");
  }, patience);
  const answers = z
    .array(z.object({ connected: z.boolean() }))
    .parse(JSON.parse(await core.readNamespacedPodLog({ namespace: open, name })));
  return Object.fromEntries(Object.keys(to).map((end, at) => [end, answers[at]?.connected ?? false]));
}
