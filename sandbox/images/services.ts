/** The image of all services: Debian, Node, and one bundle for each. Debian and Node are layers of their own. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import type { Builder } from "./buildah.ts";
import { bundleInputs, bundleServices } from "./bundle.ts";
import { makeDebian, suite } from "./debian.ts";
import { commonConfig, type ImagePlan } from "./plan.ts";

const root = join(import.meta.dirname, "../..");
const include = ["ca-certificates"];

/** Debian, and on it Node: what the images of Node programs stand on. */
export function nodeBase() {
  const debianKey = contentKey({
    root,
    files: [join(import.meta.dirname, "debian.ts")],
    values: { suite, include },
  });
  const nodeKey = contentKey({ values: { debianKey, node: process.version, arch: process.arch } });
  const debian = `localhost/biplane/debian:${debianKey}`;
  const node = `localhost/biplane/node:${nodeKey}`;
  return {
    ...{ debianKey, nodeKey, debian, node },
    async ensureDebian(sandbox: Sandbox, builder: Builder, scratch: string) {
      if (await builder.has(debian)) return;
      await makeDebian(sandbox, join(scratch, "debian"), include, builder.log);
      await builder.make({ image: debian, add: [{ from: join(scratch, "debian"), to: "/" }] });
    },
    async ensure(sandbox: Sandbox, builder: Builder, scratch: string) {
      if (await builder.has(node)) return;
      await this.ensureDebian(sandbox, builder, scratch);
      sandbox.progress("services image: Node");
      // The very Node that runs this: one version for everything.
      await builder.make({ image: node, from: debian, add: [{ from: process.execPath, to: "/usr/local/bin/node" }] });
    },
  };
}

export function servicesPlan(): ImagePlan {
  const base = nodeBase();
  const { nodeKey, debian, node } = base;
  const key = contentKey({ root, files: [...bundleInputs(), import.meta.filename], values: { nodeKey, commonConfig } });
  const image = `localhost/biplane/services:${key}`;
  return {
    name: "services",
    key,
    image,
    keep: [debian, node, image],
    async make(sandbox: Sandbox, builder: Builder, scratch: string) {
      await base.ensure(sandbox, builder, scratch);
      sandbox.progress("services image: bundles");
      const app = join(scratch, "app");
      mkdirSync(app);
      await bundleServices(app);
      await builder.make({
        image,
        from: node,
        add: [{ from: app, to: "/app" }],
        config: [...commonConfig, "--workingdir=/app", "--env=NODE_ENV=production"],
      });
    },
  };
}
