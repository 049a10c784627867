/** The image of what ships logs here: Telegraf alone, where a customer's own registry has Fluent Bit's. */
import { dirname } from "node:path";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import type { Builder } from "./buildah.ts";
import type { ImagePlan } from "./plan.ts";

/** In the image. */
const program = "/usr/local/bin/telegraf";

/** Needs the extended part `logs`. */
export function logShipperPlan({ tools }: Pick<Sandbox, "tools">): ImagePlan<"log-shipper"> {
  const binary = tools.bin("telegraf");
  const config = [`--entrypoint=${JSON.stringify([program])}`, "--user=0:0"];
  const key = contentKey({ root: dirname(binary), files: [binary], values: { program, config } });
  const image = `localhost/biplane/log-shipper:${key}`;
  return {
    name: "log-shipper",
    key,
    image,
    keep: [image],
    async make(sandbox: Sandbox, builder: Builder) {
      sandbox.progress("log-shipper image: Telegraf");
      await builder.make({ image, add: [{ from: binary, to: program }], config });
    },
  };
}
