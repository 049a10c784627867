/** Processes of one service behind a balancer: which replica a connection comes to, and how one dies and comes back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../shared/testing/free-port.ts";
import { type Cuttable, cuttable } from "./cuttable.ts";

export interface ReplicaOptions {
  /** A folder of services/control. */
  service: string;
  /** Of every replica, beside its ports. */
  env: Record<string, string>;
  /** Variables that name ports on which it listens; each has a balancer. */
  ports: readonly string[];
  replicas: number;
}

export interface Replicas {
  /** Of the balancer before a variable's port. */
  portOf(variable: string): number;
  /** All are ready. */
  start(env: Record<string, string>): Promise<void>;
  /** Which of them the latest connection came to. */
  inUse(): number;
  /** SIGKILL. Its connections break, and no new one comes to it, as to a pod that is not ready. */
  kill(replica: number): Promise<void>;
  /** Starts another in its place. */
  revive(replica: number): Promise<void>;
  stop(): Promise<void>;
}

interface Replica {
  child: ChildProcess;
  ports: Record<string, number>;
}

/** Nobody listens there: what a balancer without a replica answers. */
const nobody = 1;
const readyWithinMs = 90_000;

/** Balancers exist at once, so that services can be told of each other before any of them runs. */
export async function replicasOf({ service, ports, replicas }: Omit<ReplicaOptions, "env">): Promise<Replicas> {
  const alive: (Replica | undefined)[] = Array(replicas).fill(undefined);
  const started = new Set<ChildProcess>();
  const balancers = new Map<string, Cuttable>();
  let env: Record<string, string> = {};
  let turn = 0;
  let latest = 0;
  for (const variable of ports) {
    const next = () => {
      const ready = [...alive.keys()].filter((replica) => alive[replica] !== undefined);
      latest = ready[turn++ % ready.length] ?? latest;
      return alive[latest]?.ports[variable] ?? nobody;
    };
    balancers.set(variable, await cuttable(next));
  }

  const begin = async () => {
    const own = Object.fromEntries(await Promise.all(ports.map(async (name) => [name, await freePort()] as const)));
    const health = await freePort();
    const given = Object.fromEntries(
      Object.entries({ ...own, HEALTH_PORT: health }).map(([name, port]) => [name, String(port)]),
    );
    const child = spawn(process.execPath, [join(import.meta.dirname, "../control", service, "main.ts")], {
      env: { ...env, ...given, LOG_LEVEL: "error" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.add(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-2_000);
      });
    }
    return { child, ports: own, health, said: () => said };
  };
  /** One that ends before it is ready is started again, as kubelets do. */
  const run = async (): Promise<Replica> => {
    for (const until = Date.now() + readyWithinMs; ; ) {
      const { child, health, said, ...replica } = await begin();
      if (await isReady(child, health, until)) return { child, ...replica };
      await killed(child);
      if (Date.now() > until) throw new Error(`${service} did not become ready: ${said()}`);
    }
  };
  return {
    portOf(variable) {
      const balancer = balancers.get(variable);
      if (!balancer) throw new Error(`${service} has no balancer for ${variable}`);
      return balancer.port;
    },
    async start(theirs) {
      env = theirs;
      for (const [replica, one] of (await Promise.all(alive.map(run))).entries()) alive[replica] = one;
    },
    inUse: () => latest,
    async kill(replica) {
      const one = alive[replica];
      if (!one) throw new Error(`${service} has no replica ${replica} to kill`);
      alive[replica] = undefined;
      await killed(one.child);
    },
    async revive(replica) {
      alive[replica] = await run();
    },
    async stop() {
      for (const child of started) await killed(child);
      for (const balancer of balancers.values()) balancer.close();
    },
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function isReady(child: ChildProcess, health: number, until: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${health}/readyz`).catch(() => undefined);
    if (answer?.ok) return true;
    await sleep(100);
  }
  return false;
}
