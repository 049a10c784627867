/** The image of what keeps measures of tasks here: Prometheus alone, where a customer's own registry has its makers'. */
import type { Sandbox } from "../context.ts";
import type { ImagePlan } from "./plan.ts";
import { staticPlan } from "./static.ts";

/** Needs the extended part `metrics-store`. */
export function metricsStorePlan({ tools }: Pick<Sandbox, "tools">): ImagePlan<"metrics-store"> {
  return staticPlan({ name: "metrics-store", binary: tools.bin("prometheus"), program: "/bin/prometheus" });
}
