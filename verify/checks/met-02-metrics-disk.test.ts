import { describe, expect, it } from "vitest";
import { diskClaim, diskClass } from "../../components/metrics-store/contract.ts";
import { sealedDisk } from "../../components/metrics-store/disks.ts";
import type { MetricsStoreFact } from "../facts.ts";
import type { PlaneTarget } from "../target.ts";
import { goodAzureTargets } from "../testing/good-azure.ts";
import { goodGoogleTargets } from "../testing/good-google.ts";
import { goodTarget } from "../testing/good-plane.ts";
import { judgeDisk } from "./met-02-metrics-disk.ts";

const madeAt = "2026-01-01T00:00:00.000Z";

/** As the kit makes it in that cloud, and the cloud's driver after it. */
function storeUnder(key: string, cloud: PlaneTarget["cloud"]): MetricsStoreFact {
  const { provisioner, parameters } = sealedDisk(cloud, key);
  return {
    servers: [],
    claims: [{ name: diskClaim, phase: "Bound", className: diskClass, volume: "pvc-1" }],
    volumes: [{ name: "pvc-1", madeAt, className: diskClass, driver: provisioner, handle: "disk" }],
    classes: [{ name: diskClass, madeAt, provisioner, parameters: parameters as Record<string, string> }],
  };
}

const google = goodGoogleTargets.google;
const azure = goodAzureTargets.azure;
if (!google || !azure) throw new Error("no such target");
const inGoogle = (project: string) => `projects/${project}/locations/europe-west4/keyRings/main/cryptoKeys/measures`;
const inAzure = (subscription: string) =>
  `/subscriptions/${subscription}/resourceGroups/acme/providers/Microsoft.Compute/diskEncryptionSets/measures`;
const inAws = (account: string) => `arn:aws:kms:${goodTarget.region}:${account}:key/1`;

describe("the disk of a metrics store", () => {
  it.each<[PlaneTarget, own: string, other: string]>([
    [goodTarget, inAws(goodTarget.account), inAws("999999999999")],
    [google, inGoogle(google.project), inGoogle("somebody-else")],
    [azure, inAzure(azure.subscription), inAzure("99999999-9999-4999-8999-999999999999")],
  ])("rests under a key of the customer's, or under the one that the target names", (target, own, other) => {
    const judged = (key: string, metricsKey?: string) =>
      judgeDisk(storeUnder(key, target.cloud), metricsKey === undefined ? target : { ...target, metricsKey });
    expect(judged(own)).toMatchObject({ ok: true, evidence: expect.stringContaining(own) });
    expect(judged(other)).toMatchObject({ ok: false, evidence: expect.stringContaining("no key of the customer's") });
    expect(judged(other, other)).toMatchObject({ ok: true });
    expect(judged(own, other)).toMatchObject({ ok: false });
  });

  it("is judged by the driver of its own cloud", () => {
    expect(judgeDisk(storeUnder(inGoogle(google.project), "aws"), google)).toMatchObject({
      ok: false,
      evidence: expect.stringContaining("ebs.csi.aws.com"),
    });
  });
});
