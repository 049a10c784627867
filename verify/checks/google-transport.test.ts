import { expect, it } from "vitest";
import { transportConstraints } from "../../components/account/gcp-constraints.ts";
import type { Facts } from "../facts.ts";
import { judge } from "../runner.ts";
import { goodGoogleFacts, goodGoogleTargets } from "../testing/good-google.ts";
import { collectedFrom } from "../testing/good-plane.ts";
import { googleStoreByTlsOnly } from "./tls-23-google-object-store.ts";

/** As Cloud Storage's host is to everybody: it takes every handshake, and answers in clear. */
function openHost(): Facts {
  const facts = goodGoogleFacts();
  for (const host of facts.probedStore) {
    for (const attempt of host.tls) attempt.accepted = true;
    host.plain = { outcome: "answered", told: "HTTP/1.1 400 Bad Request" };
  }
  return facts;
}
const without = (constraint: string) => {
  const facts = openHost();
  facts.googleConstraints = facts.googleConstraints.filter((one) => one.constraint !== constraint);
  return judge(googleStoreByTlsOnly, collectedFrom(facts), goodGoogleTargets);
};

it("an open host passes by the policies of the buckets' project, which refuse what it takes", () => {
  const verdict = judge(googleStoreByTlsOnly, collectedFrom(openHost()), goodGoogleTargets);
  const inspected = verdict.outcome === "PASS" ? verdict.inspected : expect.unreachable(verdict.outcome);
  expect(inspected.map(({ evidence }) => evidence).join("; ")).toContain("refused by gcp.restrictTLSVersion");
});

it.each(Object.values(transportConstraints))("and fails without %s, by the host's word and by the bucket's", (name) => {
  const verdict = without(name);
  const findings = verdict.outcome === "FAIL" ? verdict.findings : expect.unreachable(verdict.outcome);
  const bad = findings.filter(({ ok }) => !ok).map(({ subject }) => subject);
  expect(bad.some((subject) => subject.startsWith("gs://"))).toBe(true);
  expect(bad.some((subject) => !subject.startsWith("gs://"))).toBe(true);
});
