/** An image of one static program, and nothing around it. */
import { dirname } from "node:path";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import type { Builder } from "./buildah.ts";
import { nonRoot } from "./debian.ts";
import type { ImagePlan } from "./plan.ts";

interface StaticProgram<Name extends string> {
  name: Name;
  /** On this machine. */
  binary: string;
  /** In the image. */
  program: string;
  /** Its user and group. @default those of every image */
  user?: number;
}

export function staticPlan<Name extends string>({
  name,
  binary,
  program,
  user = nonRoot,
}: StaticProgram<Name>): ImagePlan<Name> {
  const config = [`--entrypoint=${JSON.stringify([program])}`, `--user=${user}:${user}`];
  const key = contentKey({ root: dirname(binary), files: [binary], values: { program, config } });
  const image = `localhost/biplane/${name}:${key}`;
  return {
    ...{ name, key, image, keep: [image] },
    async make(sandbox: Sandbox, builder: Builder) {
      sandbox.progress(`${name} image`);
      await builder.make({ image, add: [{ from: binary, to: program }], config });
    },
  };
}
