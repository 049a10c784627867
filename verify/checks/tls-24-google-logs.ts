import { transportConstraints } from "../../components/account/gcp-constraints.ts";
import { defineGoogleCheck } from "../check.ts";
import type { ProbedHost } from "../facts-probes.ts";
import { fail, pass } from "../outcome.ts";
import { logService } from "../probes/log-service.ts";
import { refusesOldTls } from "../reason/gcp/transport.ts";
import { everyRule, transportFix } from "./bkt-22-google-tls.ts";
import { accept, judgeHost } from "./tls-01-versions.ts";
import { byPolicy } from "./tls-23-google-object-store.ts";

/** Of what GKE's agent is told to ship: what pods write. */
const pods = "WORKLOADS";

/**
 * How GKE's agent sends is told by no API. But Cloud Logging has one way in, which anybody can try: what takes nothing in clear
 * was sent nothing in clear.
 */
export const googleLogsByTls = defineGoogleCheck({
  id: "TLS-24",
  title: "The cluster's agent ships pods' logs to Cloud Logging, which takes them by TLS 1.2 or later alone",
  severity: "high",
  probes: true,
  claims: ["comm-fluentbit-tls"],
  documented: [],
  fix: transportFix,
  needs: ["probedLogs", "googleConstraints", "googleCluster"],
  notApplicable: ({ logView }) => (logView ? undefined : "no logs are kept"),
  evaluate({ probedLogs, googleConstraints, googleCluster }, target) {
    const old = refusesOldTls(googleConstraints);
    const { name, logged } = googleCluster;
    return [
      logged.includes(pods)
        ? pass(name, `its agent ships ${logged.join(", ")}`)
        : fail(name, "its agent ships no pod's logs"),
      ...judgeHost(probedLogs, logService(target)?.host ?? "", (found) =>
        byPolicy(withRefusal(found), { plain: false, old: old.refused && old.told }),
      ),
    ];
  },
  sabotages: [
    {
      name: "the agent ships what GKE says, and nothing of pods",
      apply({ googleCluster }) {
        googleCluster.logged = googleCluster.logged.filter((component) => component !== pods);
      },
    },
    {
      name: "the service takes TLS 1.1, and no policy denies it",
      apply({ googleConstraints, probedLogs }) {
        const versions = googleConstraints.find(({ constraint }) => constraint === transportConstraints.versions);
        everyRule(versions, () => undefined);
        return accept(probedLogs.at(-1), "TLSv1.1");
      },
    },
    {
      name: "lines are taken in clear",
      apply({ probedLogs }) {
        for (const probed of probedLogs) probed.plain = { outcome: "answered", told: "HTTP/1.1 200 OK" };
      },
    },
    {
      name: "in clear a caller without rights is refused, and one with rights is not",
      apply({ probedLogs }) {
        for (const probed of probedLogs) {
          const told = "HTTP/1.1 403 Forbidden; Permission 'logging.logEntries.create' denied";
          probed.plain = { outcome: "answered", told };
        }
      },
    },
    {
      name: "the service was not asked",
      apply(facts) {
        facts.probedLogs = [];
      },
    },
  ],
});

/** Google's APIs answer on port 80, and refuse whoever calls there for that alone. */
function withRefusal(host: ProbedHost): ProbedHost {
  const { outcome, told } = host.plain;
  const refused = outcome === "answered" && /^HTTP\/1\.[01] 403\b.*; SSL is required/.test(told);
  return refused
    ? { ...host, plain: { outcome: "closed", told: `whoever calls in clear is refused (${told})` } }
    : host;
}
