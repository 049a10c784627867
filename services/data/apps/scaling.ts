/** How an app scales, in the words of Knative's autoscaler. */
import type { AutoscalingConfig } from "../../../gen/flyteidl2/app/app_definition_pb.js";

const group = "autoscaling.knative.dev";
/** What the autoscaler looks back on when it decides, in seconds: its own least and its default. */
const leastWindow = 6;
const defaultWindow = 60;

/** An app without settings has at most one pod, and none where nobody asks. */
export function scalingAnnotations(config: AutoscalingConfig | undefined): Record<string, string> {
  const { min, max } = config?.replicas ?? { min: 0, max: 1 };
  const metric = config?.scalingMetric?.metric;
  return {
    [`${group}/min-scale`]: String(min),
    [`${group}/max-scale`]: String(max),
    ...(metric?.case === "concurrency" ? target("concurrency", metric.value.targetValue) : {}),
    ...(metric?.case === "requestRate" ? target("rps", metric.value.targetValue) : {}),
    ...(config?.scaledownPeriod ? idle(Number(config.scaledownPeriod.seconds)) : {}),
  };
}

function target(metric: string, value: number) {
  return { [`${group}/metric`]: metric, [`${group}/target`]: String(value) };
}

/** The last pod goes once nothing has come for the window, and then for the retention: together what was asked for. */
function idle(seconds: number) {
  const window = Math.min(defaultWindow, Math.max(leastWindow, seconds));
  return {
    [`${group}/window`]: `${window}s`,
    [`${group}/scale-to-zero-pod-retention-period`]: `${Math.max(0, seconds - window)}s`,
  };
}
