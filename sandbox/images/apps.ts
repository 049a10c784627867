/** The images of what serves apps: Knative Serving's programs, Envoy, and what stands here for Kourier's controller. */
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServingImages } from "../../components/serving/contract.ts";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import { knativeProgram, knativePrograms } from "../toolchain/parts.ts";
import type { Builder } from "./buildah.ts";
import { bundle, sourcesIn } from "./bundle.ts";
import { commonConfig, type ImagePlan } from "./plan.ts";
import { nodeBase } from "./services.ts";
import { staticPlan } from "./static.ts";

const root = join(import.meta.dirname, "../..");
/** As the gateway's Deployment names it: components/serving/gateway.ts. */
const envoyProgram = "/usr/local/bin/envoy";

type AppImagePlan = ImagePlan<`apps-${string}`>;

/** Needs the extended part `apps`. */
export function appsPlans({ tools }: Pick<Sandbox, "tools">): Record<keyof ServingImages, AppImagePlan> {
  const [activator, autoscaler, controller, queue, webhook] = knativePrograms.map(
    (program): AppImagePlan =>
      staticPlan({
        ...{ name: `apps-${program}`, binary: tools.bin(knativeProgram(program)) },
        program: `/ko-app/${program}`,
      }),
  ) as [AppImagePlan, AppImagePlan, AppImagePlan, AppImagePlan, AppImagePlan];
  return {
    ...{ activator, autoscaler, controller, queue, webhook },
    gatewayController: nodePlan("apps-kourier-stand-in", "sandbox/serving", [
      "components/serving",
      "services/shared",
      "services/data/executor",
      "shared",
    ]),
    gateway: envoyPlan(envoyBinary(tools.bin("envoy"))),
  };
}

function envoyPlan(binary: string): AppImagePlan {
  const base = nodeBase();
  const key = contentKey({
    root: dirname(binary),
    files: [binary],
    values: { debian: base.debianKey, envoyProgram, commonConfig },
  });
  const name = "apps-gateway";
  const image = `localhost/biplane/${name}:${key}`;
  return {
    ...{ name, key, image, keep: [base.debian, image] },
    async make(sandbox: Sandbox, builder: Builder, scratch: string) {
      await base.ensureDebian(sandbox, builder, scratch);
      sandbox.progress(`${name} image: Envoy`);
      await builder.make({
        ...{ image, from: base.debian, config: commonConfig },
        add: [{ from: binary, to: envoyProgram }],
      });
    },
  };
}

/** The wheel's own program is a script around it. */
function envoyBinary(script: string): string {
  const libraries = join(dirname(script), "../lib");
  const python = readdirSync(libraries).find((name) => name.startsWith("python3"));
  if (!python) throw new Error(`${libraries} has no Python`);
  return join(libraries, python, "site-packages/envoy/_bin/envoy");
}

/** What stands for Cloudflare's `cloudflared`, under its name too: the kubelet runs that one. */
export function connectorPlan(): AppImagePlan {
  const sources = ["sandbox/edge/tunnels", "services/shared"];
  return nodePlan("apps-cloudflared-stand-in", "sandbox/edge/connector", sources, "cloudflared");
}

/**
 * @param more folders whose files it is made of, beside its own and sandbox/hosts.ts
 * @param program its name for who runs it by one. @default none
 */
function nodePlan<Name extends `apps-${string}`>(
  name: Name,
  folder: string,
  more: string[],
  program?: string,
): ImagePlan<Name> {
  const base = nodeBase();
  const command = ["/usr/local/bin/node", "/app/main.mjs"];
  const config = [...commonConfig, "--workingdir=/app", `--entrypoint=${JSON.stringify(command)}`];
  const files = [...sourcesIn([folder, ...more].map((each) => join(root, each))), join(root, "sandbox/hosts.ts")];
  const script = '#!/usr/local/bin/node\nimport "/app/main.mjs";\n';
  const key = contentKey({
    root,
    files,
    values: { node: base.nodeKey, config, ...(program ? { program, script } : {}) },
  });
  const image = `localhost/biplane/${name}:${key}`;
  return {
    ...{ name, key, image, keep: [base.debian, base.node, image] },
    async make(sandbox: Sandbox, builder: Builder, scratch: string) {
      await base.ensure(sandbox, builder, scratch);
      sandbox.progress(`${name} image: bundle`);
      const app = join(scratch, name);
      await bundle({ main: join(root, folder, "main.ts") }, app);
      const add = [{ from: app, to: "/app" }];
      if (program) {
        const named = join(scratch, program);
        writeFileSync(named, script, { mode: 0o755 });
        add.push({ from: named, to: `/usr/local/bin/${program}` });
      }
      await builder.make({ image, from: base.node, add, config });
    },
  };
}
