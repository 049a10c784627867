import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { adoptCloudKey, CloudKeys } from "./gcp.ts";
import type { SealingService } from "./gcp-agents.ts";

const build = (keys: Record<string, readonly SealingService[]>, preview = false) =>
  recordResources(
    () =>
      new CloudKeys("main", {
        ...{ project: "acme-data", number: "123", region: "europe-west4", keys },
        ...{ dataProtection: true, labels: { "biplane-cluster": "main" } },
      }),
    { preview },
  );
const member = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember";

describe("CloudKeys", () => {
  it("makes keys that rotate and can be called back, in a ring of the plane's region", async () => {
    const made = await build({ data: ["storage"], images: ["artifactregistry"] });
    expect(made.one("gcp:kms/keyRing:KeyRing").inputs).toMatchObject({ location: "europe-west4", name: "main" });
    for (const { inputs } of made.of("gcp:kms/cryptoKey:CryptoKey")) {
      expect(inputs).toMatchObject({ rotationPeriod: "7776000s", destroyScheduledDuration: "2592000s" });
    }
  });

  it("lets each be used by the agents of the services that seal with it, and by nobody else", async () => {
    const every: SealingService[] = [
      ...["artifactregistry", "compute", "container", "logging", "secretmanager", "storage"],
    ] as SealingService[];
    const made = await build(Object.fromEntries(every.map((service) => [service, [service]])));
    const granted = made.of(member).map(({ inputs }) => [inputs.cryptoKeyId, inputs.role, inputs.member]);
    const role = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    expect(granted.sort()).toEqual([
      ["main-artifactregistry-id", role, "serviceAccount:agent of artifactregistry.googleapis.com"],
      ["main-compute-id", role, "serviceAccount:service-123@compute-system.iam.gserviceaccount.com"],
      ["main-container-id", role, "serviceAccount:agent of container.googleapis.com"],
      ["main-logging-id", role, "serviceAccount:agent of logging"],
      ["main-secretmanager-id", role, "serviceAccount:agent of secretmanager.googleapis.com"],
      ["main-storage-id", role, "serviceAccount:agent of storage"],
    ]);
  });

  it("asks for an agent once, however many keys it uses", async () => {
    const made = await build({ one: ["container"], two: ["container", "compute"] });
    expect(made.of("gcp:projects/serviceIdentity:ServiceIdentity")).toHaveLength(1);
    expect(made.of(member)).toHaveLength(3);
  });
});

describe("adoptCloudKey", () => {
  const place = { region: "europe-west4", subject: "biplane:keys.data" };
  const name = "projects/acme-keys/locations/europe-west4/keyRings/r/cryptoKeys/k";

  it("takes a key of the plane's region as it is", async () => {
    expect(await settled(adoptCloudKey(name, place).name)).toBe(name);
  });

  it.each([
    [name.replace("europe-west4", "us-east1"), /its own region/],
    [`${name}/cryptoKeyVersions/1`, /A version is not taken/],
    ["arn:aws:kms:us-east-2:1:key/x", /^biplane:keys\.data is "arn/],
  ])("refuses %s", (given, words) => {
    expect(() => adoptCloudKey(given, place)).toThrow(words);
  });
});
