import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

export interface OriginArgs {
  zoneId: string;
  /** The region's public host name. */
  host: string;
  /** The balancer in front of the gateway. */
  target: pulumi.Input<string>;
}

/** A server's certificate and key, PEM. */
export interface ServerCertificate {
  certificate: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

/** Longest life that Cloudflare gives an origin certificate: 15 years. */
const originCertificateDays = 5475;

/**
 * The region's name behind Cloudflare: a proxied record, and an origin certificate for the gateway that Cloudflare
 * alone trusts.
 */
export class ProxiedOrigin extends pulumi.ComponentResource {
  readonly certificate: ServerCertificate;

  constructor(name: string, args: OriginArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:edge:ProxiedOrigin", name, {}, opts);
    const { zoneId, host, target } = args;

    createRecord(name, { zoneId, host, target, proxied: true }, this);
    const key = new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });
    const request = new tls.CertRequest(
      name,
      { privateKeyPem: key.privateKeyPem, subject: { commonName: host }, dnsNames: [host] },
      { parent: this },
    );
    const issued = new cloudflare.OriginCaCertificate(
      name,
      {
        csr: request.certRequestPem,
        hostnames: [host],
        requestType: "origin-ecc",
        requestedValidity: originCertificateDays,
      },
      { parent: this },
    );

    this.certificate = { certificate: issued.certificate, key: key.privateKeyPemPkcs8 };
    this.registerOutputs({});
  }
}

/** The relay's name straight to its balancer: its mutual TLS must end at the relay, not at the edge. */
export function createDirectRecord(name: string, { zoneId, host, target }: OriginArgs, parent: pulumi.Resource) {
  return createRecord(name, { zoneId, host, target, proxied: false }, parent);
}

/** A TTL of 1 means automatic, the only value that Cloudflare takes for a proxied record. */
function createRecord(name: string, args: OriginArgs & { proxied: boolean }, parent: pulumi.Resource) {
  const { zoneId, host, target, proxied } = args;
  return new cloudflare.DnsRecord(
    name,
    { zoneId, name: host, type: "CNAME", content: target, proxied, ttl: 1, comment: "Biplane" },
    { parent },
  );
}
