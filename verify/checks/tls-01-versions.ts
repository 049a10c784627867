import { defineRegionCheck } from "../check.ts";
import type { ProbedHost } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** Also what the object store's host is judged by. */
export function judgeVersions({ host, tls, plain }: ProbedHost): Finding[] {
  const old = tls.filter(({ version }) => version === "TLSv1" || version === "TLSv1.1");
  const present = tls.filter(({ version, accepted }) => accepted && !old.some((one) => one.version === version));
  const redirects = /^HTTP\/1\.[01] 30[1278].*location: https:/i.test(plain.told);
  return [
    ...old.map(({ version, accepted, told }) =>
      accepted ? fail(host, `speaks ${version} (${told})`) : pass(host, `refuses ${version}: ${told}`),
    ),
    present.length > 0
      ? pass(host, present.map(({ version, told }) => `${version} (${told})`).join(", "))
      : fail(host, "takes neither TLS 1.2 nor 1.3"),
    plain.outcome === "answered" && !redirects
      ? fail(`${host}:80`, `answers in clear: ${plain.told}`)
      : pass(`${host}:80`, `${plain.outcome}: ${plain.told}`),
  ];
}

/** @param word what the host's owner says of it, which may count in the place of how it answers */
export function judgeHost(probed: readonly ProbedHost[], host: string, word = (found: ProbedHost) => found): Finding[] {
  const found = probed.find((one) => one.host === host);
  return found ? judgeVersions(word(found)) : [fail(host, "was not asked")];
}

export const presentTlsOnly = defineRegionCheck({
  id: "TLS-01",
  title: "API and relay take TLS 1.2 or later and refuse older ones, and nothing answers in clear",
  severity: "high",
  probes: true,
  claims: ["comm-client-cp-tls12", "cp-tls-terminates-at-edge"],
  documented: [],
  fix: "Set the least version of the edge and of the pods behind it to TLS 1.2, and close port 80.",
  needs: ["probedHosts", "regionBalancers"],
  evaluate({ probedHosts, regionBalancers }, { endpoint, relayHost }) {
    return [
      ...[endpoint, relayHost].flatMap((host) => judgeHost(probedHosts, host)),
      ...regionBalancers.map(({ arn, listeners }): Finding => {
        const other = listeners.find(({ port }) => port !== 443);
        return other ? fail(arn, `listens on ${other.port}`) : pass(arn, "listens on 443 only");
      }),
    ];
  },
  sabotages: [
    { name: "the API's host takes TLS 1.0", apply: ({ probedHosts }) => accept(probedHosts.at(0), "TLSv1") },
    { name: "the relay takes TLS 1.1", apply: ({ probedHosts }) => accept(probedHosts.at(-1), "TLSv1.1") },
    {
      name: "port 80 of the API's host serves",
      apply({ probedHosts }) {
        const [first] = probedHosts;
        if (first) first.plain = { outcome: "answered", told: "HTTP/1.1 200 OK" };
      },
    },
    {
      name: "a balancer listens on 80 too",
      apply({ regionBalancers }) {
        regionBalancers.at(-1)?.listeners.push({ port: 80, protocol: "TCP" });
      },
    },
    {
      name: "the relay was not asked",
      apply(facts) {
        facts.probedHosts = facts.probedHosts.slice(0, 1);
      },
    },
  ],
});

export function accept(host: ProbedHost | undefined, version: ProbedHost["tls"][number]["version"]): undefined | false {
  const attempt = host?.tls.find((one) => one.version === version);
  if (!attempt) return false;
  attempt.accepted = true;
  return undefined;
}
