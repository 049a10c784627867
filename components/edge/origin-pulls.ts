import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { createAuthority, signLeaf } from "../certificates/authority.ts";

export interface OriginPullsArgs {
  zoneId: string;
  /** The region's public host name. */
  host: string;
}

/**
 * The certificate by which the edge proves itself to this region's origin, signed by an authority of the stack's own.
 * Cloudflare's shared one would let any customer of theirs point a zone at the origin and be believed.
 * Claims: enc-in-transit-everywhere.
 */
export class OriginPulls extends pulumi.ComponentResource {
  /** What the gateway verifies the edge by, PEM. */
  readonly authority: pulumi.Output<string>;

  constructor(name: string, args: OriginPullsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:edge:OriginPulls", name, {}, opts);
    const { zoneId, host } = args;

    const authority = createAuthority(`${name}-authority`, `Biplane edge of ${host}`, this);
    // After a renewal the new one is at the edge before the old one is taken away.
    const subject = { commonName: `edge of ${host}`, organization: "Biplane" };
    const client = signLeaf(name, { subject, use: "client_auth" }, authority, this);
    const uploaded = new cloudflare.AuthenticatedOriginPullsHostnameCertificate(
      name,
      { zoneId, certificate: client.certificate, privateKey: client.key },
      { parent: this },
    );
    new cloudflare.AuthenticatedOriginPulls(
      name,
      { zoneId, configs: [{ certId: uploaded.id, enabled: true, hostname: host }] },
      { parent: this },
    );

    this.authority = authority.certificate.certPem;
    this.registerOutputs({ authority: this.authority });
  }
}
