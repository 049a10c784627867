import * as pulumi from "@pulumi/pulumi";
import { createAuthority, signLeaf } from "../certificates/authority.ts";
import type { ServerCertificate } from "../edge/cloudflare.ts";

export interface ClusterAuthorityArgs {
  region: string;
  /** Host that clusters dial; the relay's certificate is for it. */
  relayHost: string;
}

/**
 * The region's own authority for tunnels: the cluster service signs clusters' certificates with it, and the relay's is
 * signed here. Clusters trust it from registration on, so no public authority can stand between them and the relay.
 */
export class ClusterAuthority extends pulumi.ComponentResource {
  readonly authority: ServerCertificate;
  readonly relay: ServerCertificate;

  constructor(name: string, args: ClusterAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:tunnel:ClusterAuthority", name, {}, opts);

    const { relayHost } = args;
    const own = createAuthority(name, `Biplane clusters of ${args.region}`, this);
    this.authority = { certificate: own.certificate.certPem, key: own.key.privateKeyPemPkcs8 };
    const leaf = { subject: { commonName: relayHost }, dnsNames: [relayHost], use: "server_auth" as const };
    this.relay = signLeaf(`${name}-relay`, leaf, own, this);
    this.registerOutputs({});
  }
}
