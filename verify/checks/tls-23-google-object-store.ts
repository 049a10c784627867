import { transportConstraints } from "../../components/account/gcp-constraints.ts";
import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { ProbedHost } from "../facts-probes.ts";
import { fail } from "../outcome.ts";
import { refusesOldTls, refusesPlainHttp } from "../reason/gcp/transport.ts";
import { everyRule, judgeBuckets, transportFix } from "./bkt-22-google-tls.ts";
import { accept, judgeVersions } from "./tls-01-versions.ts";

/**
 * Cloud Storage's host is everybody's: it may take an old handshake and answer in clear, and then refuses the request by the
 * policies of the project that it is for. So its word counts where the policies say nothing.
 */
export const googleStoreByTlsOnly = defineGoogleCheck({
  id: "TLS-23",
  title:
    "The object store is reached by TLS 1.2 or later only: by its host, or by the policies of the buckets' project",
  severity: "high",
  probes: true,
  claims: ["comm-client-object-store-https"],
  documented: [],
  fix: transportFix,
  needs: ["probedStore", "googleConstraints", "googleBuckets", "googleProject"],
  evaluate({ probedStore, ...facts }, target) {
    const [plain, old] = [refusesPlainHttp(facts.googleConstraints), refusesOldTls(facts.googleConstraints)];
    return [
      ...(probedStore.length > 0 ? [] : [fail("the store's host", "was not asked")]),
      ...probedStore.flatMap((host) =>
        judgeVersions(byPolicy(host, { plain: plain.refused && plain.told, old: old.refused && old.told })),
      ),
      ...judgeBuckets(facts, target, plain),
      ...judgeBuckets(facts, target, old),
    ];
  },
  sabotages: [
    {
      name: "one of the old versions is denied, and the other is not",
      apply: ({ googleConstraints }) => deny(googleConstraints, (denied) => denied.slice(0, 1)),
    },
    {
      name: "the last of the old versions alone is denied",
      apply: ({ googleConstraints }) => deny(googleConstraints, (denied) => denied.slice(1)),
    },
    {
      name: "every version is allowed, by the last rule",
      apply({ googleConstraints }) {
        const versions = versionsIn(googleConstraints);
        versions?.rules.push({ allowAll: true, denyAll: false, allowed: [], denied: [] });
        return versions ? undefined : false;
      },
    },
    {
      name: "plain HTTP is not refused",
      apply: ({ googleConstraints }) => everyRule(googleConstraints.at(0), (rule) => ({ ...rule, enforce: false })),
    },
    {
      name: "the host takes TLS 1.0, and no policy denies it",
      apply({ googleConstraints, probedStore }) {
        everyRule(versionsIn(googleConstraints), () => undefined);
        return accept(probedStore.at(-1), "TLSv1");
      },
    },
    {
      name: "the host takes nothing that is present",
      apply({ probedStore }) {
        for (const attempt of probedStore.at(0)?.tls ?? []) attempt.accepted = false;
      },
    },
    {
      name: "the host was not asked",
      apply(facts) {
        facts.probedStore = [];
      },
    },
  ],
});

/** @param told what refuses it; false where nothing does */
export function byPolicy(host: ProbedHost, told: { plain: string | false; old: string | false }): ProbedHost {
  const { tls, plain } = host;
  return {
    ...host,
    tls: tls.map((one) =>
      one.accepted && told.old !== false && (one.version === "TLSv1" || one.version === "TLSv1.1")
        ? { ...one, accepted: false, told: `the handshake is taken, each request of the project's is ${told.old}` }
        : one,
    ),
    plain: plain.outcome === "answered" && told.plain !== false ? { outcome: "closed", told: told.plain } : plain,
  };
}

const versionsIn = (constraints: Facts["googleConstraints"]) =>
  constraints.find(({ constraint }) => constraint === transportConstraints.versions);

function deny(constraints: Facts["googleConstraints"], pick: (denied: string[]) => string[]): undefined | false {
  return everyRule(versionsIn(constraints), (rule) => ({ ...rule, denyAll: false, denied: pick(rule.denied) }));
}
