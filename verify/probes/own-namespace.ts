/** A namespace for as long as a probe lasts, under the restricted standard like every other. */
import { randomUUID } from "node:crypto";
import { ApiException, type CoreV1Api } from "@kubernetes/client-node";
import { podSecurityLabels } from "../../components/workloads/pod-security.ts";
import { withCleanup } from "./cleanup.ts";

/** That it is a probe's, and until when, in Unix seconds. */
const probeLabel = "biplane.dev/probe";
const untilLabel = "biplane.dev/probe-until";
const lifeSeconds = 600;

export async function withNamespace<T>(core: CoreV1Api, work: (namespace: string) => Promise<T>): Promise<T> {
  await sweep(core);
  const name = `biplane-probe-${randomUUID().slice(0, 8)}`;
  const until = String(Math.floor(Date.now() / 1000) + lifeSeconds);
  const labels = { ...podSecurityLabels(), [probeLabel]: "own", [untilLabel]: until };
  return withCleanup(
    () => remove(core, name),
    async () => {
      await core.createNamespace({ body: { metadata: { name, labels } } });
      return work(name);
    },
  );
}

/** What an earlier probe left that was killed. */
async function sweep(core: CoreV1Api): Promise<void> {
  const { items } = await core.listNamespace({ labelSelector: probeLabel });
  for (const { metadata } of items) {
    if (Number(metadata?.labels?.[untilLabel] ?? 0) * 1000 <= Date.now()) await remove(core, metadata?.name ?? "");
  }
}

async function remove(core: CoreV1Api, name: string): Promise<void> {
  try {
    await core.deleteNamespace({ name });
  } catch (error) {
    // It goes already, or was never made.
    if (!(error instanceof ApiException) || ![404, 409].includes(error.code)) throw error;
  }
}
