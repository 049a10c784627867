/** The certificate by which a service is known to the others of its plane, and whom it lets in: from the lists of calls. */
import type * as pulumi from "@pulumi/pulumi";
import { type Authority, createAuthority, type Leaf, signLeaf } from "../certificates/authority.ts";
import { createConfigFiles, createSecretFiles } from "./files.ts";
import type { Place } from "./place.ts";
import { callersOf, filesFolder, metricsHost, peersOf, type ServiceSpec, serviceHost } from "./service-spec.ts";

export interface ServiceTlsArgs {
  /** Signs the services of one namespace, and nothing else. */
  authority: Authority;
  /** The namespace as configured: a certificate's names must be known in a preview. */
  platform: string;
}

const folder = "service-tls";

/** Its certificate lies in a ConfigMap too, for whoever reads metrics and is to know whose they are. */
export function createServiceAuthority({ name, namespace, parent }: Place, platform: string): ServiceTlsArgs {
  const authority = createAuthority(`${name}-services-ca`, `services of ${platform}`, parent);
  const content = { "ca.crt": authority.certificate.certPem };
  createConfigFiles(name, { name: "services-authority", namespace, content, parent });
  return { authority, platform };
}

/** Its common name is what callers are compared by; hosts are of those that are called, and of metrics for each. */
export function planServiceLeaf({ name, rpcPort, meets }: ServiceSpec, platform: string): Leaf {
  const called = [...(rpcPort ? [name] : []), ...(rpcPort && meets ? [peersOf(name)] : [])];
  return {
    subject: { commonName: name },
    dnsNames: [...called.map((one) => serviceHost(one, platform)), metricsHost(platform)],
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

/** @returns the spec with its certificate: who neither calls nor is called shows it where its probes are. */
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
  const { certificate, key } = signLeaf(`${name}-tls`, planServiceLeaf(spec, platform), authority, parent);
  const content = { "ca.crt": authority.certificate.certPem, "tls.crt": certificate, "tls.key": key };
  const file = createSecretFiles(name, { name: `${spec.name}-service-tls`, namespace, content, parent });
  return {
    ...spec,
    env: { ...spec.env, ...serviceTlsEnv(spec, all) },
    files: { ...spec.files, [folder]: file },
  };
}
