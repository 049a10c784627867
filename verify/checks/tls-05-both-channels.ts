import { defineRegionCheck } from "../check.ts";
import type { ProbedCall, ProbedCaller } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeChannel } from "./tls-02-relay-certificates.ts";

/** What compute planes ask of their region, all the time and by their certificate. */
const ofPlanes = ["biplane.cluster.v1.ClusterLinkService", "biplane.queue.v1.ExecutorQueueService"];

/** Source: decision 44. What makes a plane's first certificate cannot ask for one, and is left out by its name. */
export const bothChannelsWantCertificates = defineRegionCheck({
  id: "TLS-05",
  title:
    "Both channels between the planes ask for certificates, and no other way serves what planes ask of their region",
  severity: "critical",
  probes: true,
  claims: ["net-all-communication-mtls"],
  documented: [],
  fix: "Let the relay alone serve compute planes, by mutual TLS that ends at itself, and nothing of theirs be a route of the gateway.",
  needs: ["probedCallers", "probedCalls"],
  evaluate({ probedCallers, probedCalls }) {
    return [
      ...judgeChannel(probedCallers, "biplane-tunnel"),
      ...judgeChannel(probedCallers, "h2"),
      ...ofPlanes.flatMap((service) => judgeService(service, probedCalls)),
    ];
  },
  sabotages: [
    {
      name: "the second channel serves whoever dials",
      apply: ({ probedCallers }) => answer(probedCallers, "h2", "served"),
    },
    {
      name: "the tunnel leaves a stranger's connection open",
      apply: ({ probedCallers }) => answer(probedCallers, "biplane-tunnel", "left open"),
    },
    {
      name: "only one of the channels was tried",
      apply(facts) {
        facts.probedCallers = facts.probedCallers.filter(({ channel }) => channel !== "h2");
      },
    },
    {
      name: "the gateway takes leases too, by a token",
      apply({ probedCalls }) {
        const last = probedCalls.findLast(({ method }) => method.startsWith("biplane.queue.v1.ExecutorQueueService/"));
        if (!last) return false;
        last.code = "Unauthenticated";
        return undefined;
      },
    },
    {
      name: "nobody asked for what planes ask",
      apply(facts) {
        facts.probedCalls = facts.probedCalls.filter(({ method }) => !ofPlanes.includes(method.split("/")[0] ?? ""));
      },
    },
  ],
});

/** `Unimplemented`: there is no such thing at the public endpoint, whoever asks. */
function judgeService(service: string, calls: readonly ProbedCall[]): Finding[] {
  const own = calls.filter(({ method }) => method.startsWith(`${service}/`));
  if (own.length === 0) return [fail(service, "was not asked of the public endpoint")];
  const served = own.find(({ code }) => code !== "Unimplemented");
  if (served) return [fail(served.method, `the public endpoint answers ${served.code} to ${served.credential}`)];
  return [pass(service, `${own.length} calls of the public endpoint: there is no such service`)];
}

function answer(callers: ProbedCaller[], channel: ProbedCaller["channel"], outcome: ProbedCaller["outcome"]) {
  const last = callers.findLast((one) => one.channel === channel);
  if (!last) return false;
  last.outcome = outcome;
  return undefined;
}
