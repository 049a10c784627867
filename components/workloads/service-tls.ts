/** The certificate by which a service is known to the others of its plane, and whom it lets in: from the lists of calls. */
import type * as pulumi from "@pulumi/pulumi";
import { type Authority, createAuthority, type Leaf, signLeaf } from "../certificates/authority.ts";
import { createSecretFiles } from "./files.ts";
import { callersOf, filesFolder, peersOf, type ServiceSpec, serviceHost } from "./service-spec.ts";

export interface ServiceTlsArgs {
  /** Signs the services of one namespace, and nothing else. */
  authority: Authority;
  /** The namespace as configured: a certificate's names must be known in a preview. */
  platform: string;
}

const folder = "service-tls";

export function createServiceAuthority(name: string, platform: string, parent: pulumi.Resource): ServiceTlsArgs {
  return { authority: createAuthority(`${name}-services-ca`, `services of ${platform}`, parent), platform };
}

/** Its common name is what callers are compared by; hosts are of those that are called. */
export function planServiceLeaf({ name, rpcPort, meets }: ServiceSpec, platform: string): Leaf {
  const subject = { commonName: name };
  if (!rpcPort) return { subject, use: "client_auth" };
  const names = meets ? [name, peersOf(name)] : [name];
  return {
    subject,
    dnsNames: names.map((one) => serviceHost(one, platform)),
    use: ["server_auth", "client_auth"],
  };
}

/** What a service is told: where its certificate lies, and who may come. Nobody where no other names it. */
export function serviceTlsEnv(spec: ServiceSpec, all: ServiceSpec[]): Record<string, string> {
  const callers = spec.rpcPort ? callersOf(spec, all).map(({ name }) => name) : [];
  return {
    SERVICE_TLS_FOLDER: `${filesFolder}/${folder}`,
    ...(callers.length > 0 ? { SERVICE_CALLERS: callers.join(",") } : {}),
  };
}

/** @returns the spec with its certificate; itself where it neither calls nor is called. */
export function giveServiceTls(
  name: string,
  spec: ServiceSpec,
  all: ServiceSpec[],
  {
    authority,
    platform,
    namespace,
    parent,
  }: ServiceTlsArgs & { namespace: pulumi.Input<string>; parent: pulumi.Resource },
): ServiceSpec {
  if (!spec.rpcPort && !spec.calls?.length) return spec;
  const { certificate, key } = signLeaf(`${name}-tls`, planServiceLeaf(spec, platform), authority, parent);
  const content = { "ca.crt": authority.certificate.certPem, "tls.crt": certificate, "tls.key": key };
  const file = createSecretFiles(name, { name: `${spec.name}-service-tls`, namespace, content, parent });
  return {
    ...spec,
    env: { ...spec.env, ...serviceTlsEnv(spec, all) },
    files: { ...spec.files, [folder]: file },
  };
}
