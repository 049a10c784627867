import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { ClusterAuthority } from "./authority.ts";

const build = () =>
  recordResources(
    () => new ClusterAuthority("tunnel", { region: "us-east-2", relayHost: "relay.us-east-2.biplane.test" }),
  );

describe("ClusterAuthority", () => {
  it("can sign certificates and do nothing else", async () => {
    const { inputs } = (await build()).one("tls:index/selfSignedCert:SelfSignedCert");
    expect(inputs).toMatchObject({ isCaCertificate: true, allowedUses: ["cert_signing", "crl_signing"] });
  });

  it("signs the relay for its own host, as a server only", async () => {
    const made = await build();
    expect(made.one("tls:index/certRequest:CertRequest").inputs.dnsNames).toEqual(["relay.us-east-2.biplane.test"]);
    expect(made.one("tls:index/locallySignedCert:LocallySignedCert").inputs).toMatchObject({
      caCertPem: "CERTIFICATE tunnel",
      allowedUses: ["digital_signature", "server_auth"],
    });
  });

  it("gives authority and relay keys of their own", async () => {
    expect((await build()).of("tls:index/privateKey:PrivateKey").map(({ name }) => name)).toEqual([
      "tunnel",
      "tunnel-relay",
    ]);
  });
});
