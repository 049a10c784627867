import { join } from "node:path";
import { expect, test } from "vitest";
import { joinLimits, readLimits, readStandIns } from "../verify/limits.ts";
import type { Environment } from "./environment.ts";
import { localLimits } from "./verify-target.ts";

const checkout = join(import.meta.dirname, "..");

const everything = { shipping: true, apps: true, measures: true };

const limitsOf = (
  clusters: Environment["clusters"],
  networkPolicy: Environment["networkPolicy"] = "not-enforced",
  has = everything,
) => joinLimits(localLimits({ clusters, networkPolicy, cloud: "aws" }, checkout, has).map(readLimits));

test("in Google Cloud it is told what judged signed URLs, and no claim more is undecided", () => {
  const files = (cloud: Environment["cloud"]) =>
    localLimits({ clusters: { region: "own", customer: "own" }, networkPolicy: "enforced", cloud }, checkout, {
      ...everything,
    });
  const told = files("gcp").flatMap(readStandIns);
  expect(told.find((one) => one.for === "signed URLs of Cloud Storage")?.is).toMatch(
    /checks no signature.*published vectors/,
  );
  expect(files("aws").flatMap(readStandIns)).not.toContainEqual(expect.objectContaining({ for: told[0]?.for }));
  expect(joinLimits(files("gcp").map(readLimits))).toEqual(joinLimits(files("aws").map(readLimits)));
});

test("in Azure it is told what judged there, and no claim more is undecided", () => {
  const files = (cloud: Environment["cloud"]) =>
    localLimits({ clusters: { region: "own", customer: "own" }, networkPolicy: "enforced", cloud }, checkout, {
      ...everything,
      apps: false,
    });
  const told = files("azure").flatMap(readStandIns);
  expect(told.map((one) => one.for)).toEqual([
    "signed URLs of Blob Storage",
    "Log Analytics' host",
    "Azure's activity log",
    "Microsoft Defender",
    "Entra, Key Vault and Azure's role assignments",
  ]);
  expect(joinLimits(files("azure").map(readLimits))).toEqual(joinLimits(files("aws").map(readLimits)));
});

const outboundOnly = "net-tunnel-outbound-only";

test("on nodes of the local run, who can dial the customer is decided; on a given cluster it is not", () => {
  expect(limitsOf({ region: "own", customer: "own" }).map(({ claim }) => claim)).not.toContain(outboundOnly);
  for (const clusters of [
    { region: "own", customer: "given" },
    { region: "given", customer: "own" },
  ] as const) {
    const limit = limitsOf(clusters).find(({ claim }) => claim === outboundOnly);
    expect(limit?.reason).toMatch(/^not enforced by the local run on a given cluster/);
  }
});

const apart = "k8s-network-policies-isolate-pods";
const own = { region: "own", customer: "own" } as const;

test("that policies keep pods apart is decided where they are enforced, and stands in the list where they are not", () => {
  expect(limitsOf(own, "not-enforced").map(({ claim }) => claim)).toContain(apart);
  expect(limitsOf(own, "enforced").map(({ claim }) => claim)).not.toContain(apart);
  // Enforcement on our own nodes says nothing of a cluster that is another's.
  expect(limitsOf({ ...own, customer: "given" }, "enforced").map(({ claim }) => claim)).toContain(apart);
  expect(limitsOf({ ...own, region: "given" }, "enforced").map(({ claim }) => claim)).not.toContain(apart);
});

test("a claim of both lists is there once, with the reason of the given cluster", () => {
  const found = limitsOf({ region: "own", customer: "given" }).filter(({ claim }) => claim === apart);
  expect(found.map(({ reason }) => reason)).toEqual([expect.stringMatching(/^whether the given cluster/)]);
});

test("the firewall around a given customer's cluster is not decided, that around an own one is", () => {
  const claims = (clusters: Environment["clusters"]) => limitsOf(clusters).map(({ claim }) => claim);
  expect(claims({ region: "own", customer: "given" })).toContain("net-no-inbound-firewall-rules");
  expect(claims({ region: "given", customer: "own" })).not.toContain("net-no-inbound-firewall-rules");
});

test("how logs are shipped is decided where something ships them, and stands in the list where nothing does", () => {
  const claims = (shipping: boolean) =>
    limitsOf(own, "enforced", { ...everything, shipping }).map(({ claim }) => claim);
  expect(claims(true)).not.toContain("comm-fluentbit-tls");
  expect(claims(false)).toContain("comm-fluentbit-tls");
  // Elsewhere it is the cloud's own agent that ships.
  const elsewhere = { clusters: own, networkPolicy: "enforced", cloud: "gcp" } as const;
  const unshipped = localLimits(elsewhere, checkout, { ...everything, shipping: false });
  expect(unshipped.flatMap(readLimits).map(({ claim }) => claim)).not.toContain("comm-fluentbit-tls");
});

test("what stands in for Kourier's controller, cloudflared and Cloudflare's API is told where apps are served, and nowhere else", () => {
  const told = (apps: boolean) =>
    localLimits({ clusters: own, networkPolicy: "enforced", cloud: "aws" }, checkout, { ...everything, apps })
      .flatMap(readStandIns)
      .map((one) => one.for);
  expect(told(true)).toEqual([
    ...["Kourier's controller", "Cloudflare's edge and cloudflared, of apps"],
    "Cloudflare's API, of tunnels and records",
  ]);
  expect(told(false)).toEqual([]);
});

test("what serves apps is decided where something does, and stands in the list where nothing does", () => {
  const claims = (apps: boolean) => limitsOf(own, "enforced", { ...everything, apps }).map(({ claim }) => claim);
  for (const claim of ["apps-knative-kourier", "apps-serving-in-cluster"]) {
    expect(claims(true)).not.toContain(claim);
    expect(claims(false)).toContain(claim);
  }
});

test("how nodes speak to each other cannot be told of one machine, and is of concern where apps are served alone", () => {
  const claims = (apps: boolean) => limitsOf(own, "enforced", { ...everything, apps }).map(({ claim }) => claim);
  expect(claims(true)).toContain("enc-in-transit-everywhere");
  expect(claims(false)).not.toContain("enc-in-transit-everywhere");
});

test("that measures are kept is decided where something keeps them, and stands in the list where nothing does", () => {
  const claims = (measures: boolean) =>
    limitsOf(own, "enforced", { ...everything, measures }).map(({ claim }) => claim);
  expect(claims(true)).not.toContain("data-metrics-prometheus");
  expect(claims(false)).toContain("data-metrics-prometheus");
});
