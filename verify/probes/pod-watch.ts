/** Waits for a probe's pod, and reads what it told. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CoreV1Api } from "@kubernetes/client-node";

const patienceMs = 120_000;

interface Named {
  namespace: string;
  name: string;
}

/** @throws Error with the reason where it fails, or takes too long */
export async function until(core: CoreV1Api, { namespace, name }: Named, wanted: "Running" | "Succeeded") {
  const end = Date.now() + patienceMs;
  for (;;) {
    const { status = {} } = await core.readNamespacedPod({ namespace, name });
    const { phase = "unknown" } = status;
    if (phase === wanted) return status;
    if (phase === "Failed" || Date.now() > end) {
      const why = status.containerStatuses?.[0]?.state?.waiting?.reason ?? status.reason ?? "no reason given";
      throw new Error(`Pod/${namespace}/${name} is ${phase} after ${patienceMs / 1000} s or less: ${why}`);
    }
    await sleep(500);
  }
}

/** Once it has ended well. */
export async function logOf(core: CoreV1Api, pod: Named): Promise<string> {
  await until(core, pod, "Succeeded");
  return core.readNamespacedPodLog(pod);
}
