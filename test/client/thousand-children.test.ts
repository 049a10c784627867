/**
 * The parent is a real pod with the real client; its children meet the real queue and the real tunnel, and a simulated
 * cluster behind the executor's own rules: no kubelet starts them, so the figures are not those of pods.
 */
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { create, toBinary } from "@bufbuild/protobuf";
import type { V1Pod } from "@kubernetes/client-node";
import { expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { OutputsSchema } from "../../gen/flyteidl2/task/common_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { startExecutor } from "../../services/data/executor/executor.ts";
import { storedResults } from "../../services/data/executor/results.ts";
import { podSettings } from "../../services/data/executor/testing/pod-settings.ts";
import { type PodLife, simulatedCluster } from "../../services/data/executor/testing/simulated-cluster.ts";
import { s3Reader } from "../../services/data/objectstore/s3-store.ts";
import { upstream } from "../../services/shared/client.ts";
import { recordingLog } from "../../services/shared/testing/log.ts";
import { outputsOf, runExample } from "../support/client.ts";
import { forwardPort, settingsOf, without } from "../support/customer-cluster.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";
import { hostOf, serviceTls } from "../support/service-tls.ts";

const long = process.env.BIPLANE_LONG === "1";
const children = long ? 1_000 : 200;
const patienceMs = 300_000;
const namespace = `${environment.project}-${environment.domain}`;
const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });

/** A child does what the example's task `one` does. The parent, should it come here, only goes on as it is. */
function live(pod: V1Pod): PodLife {
  if (pod.metadata?.labels?.action === "a0") return {};
  const args = pod.spec?.containers[0]?.args ?? [];
  const folder = args[args.indexOf("--outputs-path") + 1] ?? "";
  return { runMs: 20, before: () => writeOne(folder) };
}

const answer = toBinary(
  OutputsSchema,
  create(OutputsSchema, {
    literals: [
      {
        name: "o0",
        value: {
          value: {
            case: "scalar",
            value: { value: { case: "primitive", value: { value: { case: "integer", value: 1n } } } },
          },
        },
      },
    ],
  }),
);

async function writeOne(folder: string): Promise<void> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(folder) ?? [];
  await s3.send(new PutObjectCommand({ Bucket, Key: `${Key}/outputs.pb`, Body: answer }));
}

// The simulated executor reaches the tunnel from inside the customer's network, and into a given cluster there is no way.
it.skipIf(environment.clusters.customer !== "own")(
  "a parent counts its many children, each of which ran once",
  { timeout: patienceMs + 60_000 },
  async () => {
    const runs = await runClient();
    const settings = await settingsOf("executor");
    const { log, lines } = recordingLog();
    const { cluster, watch, pods } = simulatedCluster(live);
    const { name, result } = await runExample("thousand", "count", ["--children", String(children)], { follow: false });
    expect(result.exitCode, result.stderr).toBe(0);
    const rootPhase = async () => (await runs.actions(name)).find(({ id }) => id?.name === "a0")?.status?.phase;
    await vi.waitFor(async () => expect(await rootPhase()).toBe(ActionPhase.RUNNING), {
      timeout: 60_000,
      interval: 250,
    });

    await without("executor", async () => {
      const tunnel = await forwardPort("tunnel", 8080);
      const link = upstream(
        `https://127.0.0.1:${tunnel.port}`,
        await serviceTls("customer", "executor"),
        hostOf("customer", "tunnel"),
      );
      const executor = startExecutor({
        cluster,
        watch,
        namespaces: [namespace],
        upstream: link,
        results: storedResults(s3Reader(s3), "s3"),
        worker: `${settings.CLUSTER_NAME}/executor`,
        capacity: 200,
        log,
        settings: {
          org: environment.org,
          systemRetries: 3,
          startGraceMs: 60_000,
          historyMs: 600_000,
          pod: podSettings,
        },
      });
      const ended = async () => {
        const phases = (await runs.actions(name))
          .filter(({ id }) => id?.name !== "a0")
          .map(({ status }) => status?.phase);
        expect(phases.filter((phase) => phase === ActionPhase.SUCCEEDED)).toHaveLength(children);
      };
      try {
        await vi.waitFor(ended, { timeout: patienceMs, interval: 2_000 });
      } catch (error) {
        process.stderr.write(`${lines.slice(-20).join("\n")}\n`);
        // Or the real executor would make a pod of each.
        const { org, project, domain } = environment;
        await runs.client.abortRun({ runId: { org, project, domain, name }, reason: "the test failed" });
        throw error;
      } finally {
        await executor.stop();
        link.close();
        tunnel.close();
      }
    });

    const details = await runs.ended(name);
    expect(details.status?.phase, JSON.stringify(details.result.value)).toBe(ActionPhase.SUCCEEDED);
    expect(await outputsOf(name)).toMatch(new RegExp(`o0=${children}\\b`));
    const ran = [...pods.values()].filter(({ metadata }) => metadata?.labels?.action !== "a0");
    expect(new Set(ran.map(({ metadata }) => metadata?.labels?.attempt))).toEqual(new Set(["1"]));
  },
);
