/** From a deployed app to one that can be stored. What its pod may be is judged where it runs; what no plane serves, here. */
import { clone, create, toBinary } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  type App,
  Spec_DesiredState as Desired,
  IngressConfigSchema,
  MetaSchema,
  type Spec,
  SpecSchema,
} from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import { appKeyOf } from "../runs/identifiers.ts";
import type { NewApp } from "../store/app-changes.ts";
import type { AppKey } from "../store/apps.ts";

const maxSpecBytes = 256 * 1024;
const maxReplicas = 1_000;
/** What Knative's autoscaler keeps the last pod for, at most. */
const maxIdleSeconds = 3_600;
/** What the serving gateway waits for an answer's end, at most. */
const maxRequestSeconds = 600;
/** Of DNS. */
const maxLabel = 63;

/** @throws ConnectError invalid_argument for what cannot be served, in words for the app's author */
export function planApp(caller: Caller, app: App | undefined): NewApp {
  const key = appKeyOf(caller, app?.metadata?.id);
  const host = hostOf(key);
  if (!app?.spec) throw invalid({ subject: "spec", allowed: "an app's" });
  const spec = clone(SpecSchema, app.spec);
  // Who made it is who is known to have.
  delete spec.creator;
  spec.desiredState = desiredOf(spec.desiredState);
  spec.ingress ??= create(IngressConfigSchema);
  checkPayload(spec);
  checkIngress(spec, host);
  checkScaling(spec);
  const { labels = {}, codeBundleUri = "", sourceCode } = app.metadata ?? {};
  const meta = create(MetaSchema, { labels, codeBundleUri, ...(sourceCode ? { sourceCode } : {}) });
  // In one order, so that the same app is the same bytes.
  meta.labels = Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const planned = {
    ...{ key, host, desiredState: spec.desiredState },
    ...{ spec: toBinary(SpecSchema, spec), meta: toBinary(MetaSchema, meta) },
    ...(spec.cluster ? { cluster: spec.cluster } : {}),
  };
  const size = planned.spec.length + planned.meta.length;
  if (size <= maxSpecBytes) return planned;
  throw invalid({ subject: "app", value: `${size} bytes`, allowed: `up to ${maxSpecBytes} bytes` });
}

/** As Knative makes it: `<app>-<namespace>`, and the namespace is `<project>-<domain>`. */
function hostOf({ name, project, domain }: AppKey): string {
  const host = `${name}-${project}-${domain}`;
  if (host.length <= maxLabel) return host;
  const allowed = `${maxLabel - 2} characters together, since its host is called by all three`;
  throw invalid({ subject: "app name, project and domain", value: `${name}, ${project}, ${domain}`, allowed });
}

function desiredOf(state: Desired): Desired {
  return state === Desired.STOPPED ? Desired.STOPPED : Desired.ACTIVE;
}

function checkPayload({ appPayload, clusterPool }: Spec): void {
  if (appPayload.case === undefined) throw invalid({ subject: "spec", allowed: "a container or a pod" });
  if (appPayload.case === "container" && appPayload.value.image === "") {
    throw invalid({ subject: "container.image", allowed: "an image's name" });
  }
  if (appPayload.case === "pod" && !appPayload.value.podSpec) {
    throw invalid({ subject: "pod.pod_spec", allowed: "a pod's" });
  }
  if (clusterPool !== "" && clusterPool !== "default") {
    throw invalid({ subject: "cluster_pool", value: clusterPool, allowed: "default" });
  }
}

function checkIngress({ ingress }: Spec, host: string): void {
  if (ingress?.private) throw invalid({ subject: "ingress.private", value: true, allowed: "false" });
  if (ingress?.cname) throw invalid({ subject: "ingress.cname", value: ingress.cname, allowed: "none" });
  if (ingress?.subdomain && ingress.subdomain !== host) {
    const allowed = `none, or ${host}: <app>-<project>-<domain>`;
    throw invalid({ subject: "ingress.subdomain", value: ingress.subdomain.slice(0, 80), allowed });
  }
}

function checkScaling({ autoscaling, timeouts }: Spec): void {
  const { min, max } = autoscaling?.replicas ?? { min: 0, max: 1 };
  if (min > max || max < 1 || max > maxReplicas) {
    const allowed = `a least number from 0 and a most from 1 to ${maxReplicas}, no smaller`;
    throw invalid({ subject: "autoscaling.replicas", value: `${min} to ${max}`, allowed });
  }
  const metric = autoscaling?.scalingMetric?.metric;
  if (metric?.case !== undefined && metric.value.targetValue < 1) {
    throw invalid({ subject: `autoscaling ${metric.case}`, value: metric.value.targetValue, allowed: "1 or more" });
  }
  checkSeconds("autoscaling.scaledown_period", autoscaling?.scaledownPeriod, 0, maxIdleSeconds);
  checkSeconds("timeouts.request_timeout", timeouts?.requestTimeout, 1, maxRequestSeconds);
}

function checkSeconds(subject: string, given: Duration | undefined, least: number, most: number): void {
  if (!given) return;
  const seconds = Number(given.seconds) + given.nanos / 1e9;
  if (seconds >= least && seconds <= most) return;
  throw invalid({ subject, value: `${seconds} s`, allowed: `${least} to ${most} s` });
}
