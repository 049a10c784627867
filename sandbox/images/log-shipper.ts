/** The image of what ships logs here: Telegraf alone, where a customer's own registry has Fluent Bit's. */
import type { Sandbox } from "../context.ts";
import type { ImagePlan } from "./plan.ts";
import { staticPlan } from "./static.ts";

/** Needs the extended part `logs`. */
export function logShipperPlan({ tools }: Pick<Sandbox, "tools">): ImagePlan<"log-shipper"> {
  const [binary, program] = [tools.bin("telegraf"), "/usr/local/bin/telegraf"];
  // Logs of pods are root's.
  return staticPlan({ name: "log-shipper", binary, program, user: 0 });
}
