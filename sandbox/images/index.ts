/** The images of the local run, made when their sources change and pushed when the registry lacks them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServingImages } from "../../components/serving/contract.ts";
import { messageOf, UserError } from "../../shared/errors.ts";
import type { Sandbox } from "../context.ts";
import { appsPlans, connectorPlan } from "./apps.ts";
import { Builder } from "./buildah.ts";
import { buildkitPlan } from "./buildkit.ts";
import { dataframesPlan } from "./dataframes.ts";
import { logShipperPlan } from "./log-shipper.ts";
import { metricsStorePlan } from "./metrics-store.ts";
import type { ImagePlan } from "./plan.ts";
import { holds, reference, registryAddress } from "./registry.ts";
import { withScratch } from "./scratch.ts";
import { servicesPlan } from "./services.ts";
import { taskPlan } from "./task.ts";

export { ensurePauseImage, pauseImage } from "./pause.ts";

type AnyPlan = ImagePlan<string>;

export interface Images {
  /** References by digest, as pods use them. */
  services: string;
  task: string;
  logShipper?: string;
  buildkit?: string;
  metricsStore?: string;
  /** What serves apps. */
  apps?: ServingImages;
  /** By which somebody comes to them. */
  connector?: string;
}

/**
 * Needs the local registry to listen. Quick (< 1 s) when neither sources nor registry have changed.
 *
 * @param parts extended parts that are built: an image that is made of one is made if it is there. @default none
 * @param unused those of them of which this plane runs nothing: nothing is made, and what is there of them stays
 * @param registry host and port as this machine reaches it
 * @throws UserError when a build fails or the registry does not answer.
 */
export async function ensureImages(
  sandbox: Sandbox,
  parts: readonly string[] = [],
  unused: readonly string[] = [],
  registry: string = registryAddress,
): Promise<Images> {
  const [services, task] = [servicesPlan(), taskPlan()];
  const shipper = parts.includes("logs") ? logShipperPlan(sandbox) : undefined;
  const buildkit = parts.includes("images") ? buildkitPlan(sandbox) : undefined;
  const store = parts.includes("metrics-store") ? metricsStorePlan(sandbox) : undefined;
  const serving = parts.includes("apps") ? { apps: appsPlans(sandbox), connector: connectorPlan() } : undefined;
  const { apps, connector } = unused.includes("apps") ? {} : (serving ?? {});
  const more = [shipper, buildkit, store, connector, ...Object.values(apps ?? {})].filter((plan) => plan !== undefined);
  const kept = serving ? [serving.connector, ...Object.values(serving.apps)] : [];
  const held = await ensureAll(sandbox, registry, [services, task, ...more], kept);
  return {
    ...{ services: held(services), task: held(task) },
    ...(shipper ? { logShipper: held(shipper) } : {}),
    ...(buildkit ? { buildkit: held(buildkit) } : {}),
    ...(store ? { metricsStore: held(store) } : {}),
    ...(apps ? { apps: mapped(apps, held) } : {}),
    ...(connector ? { connector: held(connector) } : {}),
  };
}

function mapped<Key extends string, From, To>(values: Record<Key, From>, to: (value: From) => To): Record<Key, To> {
  const entries = Object.entries(values) as [Key, From][];
  return Object.fromEntries(entries.map(([key, value]) => [key, to(value)])) as Record<Key, To>;
}

/**
 * The image of tasks with pandas and pyarrow. It is three times as large as the other, so it is made when somebody first
 * asks for it, and then only the registry keeps it.
 *
 * @returns its reference by digest
 */
export async function ensureDataframesImage(sandbox: Sandbox, registry: string = registryAddress): Promise<string> {
  const plan = dataframesPlan();
  return (await ensureAll(sandbox, registry, [plan]))(plan);
}

/**
 * @param kept that are not made here, and not removed either
 * @returns an image's reference by digest, as pods use it
 */
async function ensureAll(
  sandbox: Sandbox,
  registry: string,
  plans: AnyPlan[],
  kept: AnyPlan[] = [],
): Promise<(plan: AnyPlan) => string> {
  const known = await Promise.all(plans.map((plan) => pushedDigest(sandbox, registry, plan)));
  const digests = new Map(plans.map((plan, index) => [plan.name, known[index]]));
  if (known.includes(undefined)) {
    await withScratch(sandbox, async (scratch, interrupted) => {
      const builder = new Builder(sandbox, scratch);
      const makeAll = async (room: string) => {
        for (const plan of plans) digests.set(plan.name, await digestOf(sandbox, builder, plan, registry, room));
        // Dataframes are made when somebody asks for them, and then only the registry keeps them.
        const parts = plans.filter(({ name }) => name !== "dataframes");
        await builder.keepOnly([servicesPlan(), taskPlan(), ...parts, ...kept].flatMap(({ keep }) => keep));
      };
      try {
        await makeAll(join(scratch, "first"));
      } catch (error) {
        // A build that was killed may have left the store damaged; anything else would fail again.
        if (!interrupted) throw error;
        builder.wipe();
        await makeAll(join(scratch, "second"));
      }
    });
  }
  return ({ name }) => reference(`biplane/${name}`, digests.get(name) ?? "");
}

async function digestOf(
  sandbox: Sandbox,
  builder: Builder,
  plan: AnyPlan,
  registry: string,
  scratch: string,
): Promise<string> {
  // Asked again: another biplane may have pushed it while this one waited.
  const pushed = await pushedDigest(sandbox, registry, plan);
  if (pushed) return pushed;
  const room = join(scratch, plan.name);
  mkdirSync(room, { recursive: true });
  if (!(await builder.has(plan.image))) await plan.make(sandbox, builder, room);
  sandbox.progress(`${plan.name} image: push`);
  const target = `${registry}/biplane/${plan.name}:${plan.key}`;
  const digest = await builder.push(plan.image, target, { plainHttp: true, layers: "zstd" });
  const record = recordOf(sandbox, plan);
  writeFileSync(`${record}.new`, digest);
  renameSync(`${record}.new`, record);
  forgetOthers(sandbox, plan);
  return digest;
}

/** Records of older content: making the image anew tells the same. */
function forgetOthers(sandbox: Sandbox, plan: AnyPlan): void {
  const current = recordOf(sandbox, plan);
  for (const name of readdirSync(dirname(current))) {
    const path = join(dirname(current), name);
    if (name.startsWith(`${plan.name}-`) && name.endsWith(".digest") && path !== current) rmSync(path);
  }
}

/** The digest of the image if it was made from this very content and the registry still holds it. */
async function pushedDigest(sandbox: Sandbox, registry: string, plan: AnyPlan): Promise<string | undefined> {
  const record = recordOf(sandbox, plan);
  if (!existsSync(record)) return undefined;
  const digest = readFileSync(record, "utf8");
  return (await answering(registry, () => holds(registry, `biplane/${plan.name}`, digest))) ? digest : undefined;
}

/** A registry that was started a moment ago may not listen yet. */
async function answering<T>(registry: string, ask: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > giveUpAt)
        throw new UserError(`The registry at ${registry} does not answer: ${messageOf(error)}`, {
          exitCode: 1,
          cause: error,
        });
      await sleep(200);
    }
  }
}

function recordOf(sandbox: Sandbox, plan: AnyPlan): string {
  return join(sandbox.paths.cache, "images", `${plan.name}-${plan.key}.digest`);
}
