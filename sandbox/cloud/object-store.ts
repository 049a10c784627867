/**
 * versitygw: the object store, and beside it its IAM and STS. A real judge of signatures, expiry, trust policies (`sub`,
 * `aud`, `sts:RoleSessionName`), inline policies (`aws:userid`) and bucket policies. It knows one account, inline policies only, no permission boundaries, no
 * session tags, and of STS only AssumeRoleWithWebIdentity and GetCallerIdentity.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { tokenServiceHosts } from "../dns.ts";
import { awsRegion, names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import { ensureAuthority, ensureLeaf, type KeyPairFiles } from "../pki.ts";
import { ensureProcess } from "../processes.ts";
import { cloudAddress, cloudNamespace, ports } from "./addresses.ts";
import { awaitPort } from "./await-port.ts";
import { judgeAccount } from "./front/role-account.ts";
import { ensureSecret } from "./secret-file.ts";

export const objectsProcess = "cloud-objects";
export const judgeProcess = "cloud-judge";
const rootAccessKeyId = "biplane-root";

export interface Judge {
  /** IAM and STS of the object store, https under the sandbox's authority. */
  iamEndpoint: string;
  /** IAM is signed for us-east-1 wherever it is, as in AWS; its STS too, which in AWS has regions. */
  iamSigningRegion: string;
  s3Endpoint: string;
  accessKeyId: string;
  /** Mode 0600. */
  secretAccessKeyFile: string;
  /** Of every ARN in it; also of principals in bucket policies. */
  account: string;
  /** PEM to trust. */
  authority: string;
}

/** Root access to what judges workloads: for mirroring the customer account's roles, policies and OIDC providers. */
export function judge(paths: Paths): Judge {
  return {
    iamEndpoint: `https://${names.aws}:${ports.judge}`,
    iamSigningRegion: "us-east-1",
    s3Endpoint: `https://${names.aws}`,
    accessKeyId: rootAccessKeyId,
    secretAccessKeyFile: join(paths.credentials, "object-store-root"),
    account: judgeAccount,
    authority: join(paths.pki, "ca.crt"),
  };
}

/** @param server the cloud's certificate */
export async function startObjectStore({ paths, tools }: Sandbox, server: KeyPairFiles): Promise<void> {
  const authority = await ensureAuthority(paths);
  // The private endpoint between the two answers this one client, not all that the sandbox's authority has signed.
  const clients = await ensureAuthority(paths, "object-store-clients");
  const client = await ensureLeaf(paths, { name: "object-store-gateway", authority: "object-store-clients" });
  const root = judge(paths);
  const env = {
    ROOT_ACCESS_KEY: root.accessKeyId,
    ROOT_SECRET_KEY: ensureSecret(root.secretAccessKeyFile),
    // Issuers' certificates are checked against this: no thumbprint has to be pinned.
    SSL_CERT_FILE: authority.certificate,
    VGW_QUIET: "true",
  };
  const folder = (name: string) => {
    const path = join(paths.cloud, "objects", name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const common = ["--cert", server.certificate, "--key", server.key, "--region", awsRegion];
  const hostsFile = tokenServiceHosts(paths);
  await ensureProcess(paths, {
    name: judgeProcess,
    namespace: cloudNamespace,
    ...(hostsFile === undefined ? {} : { hostsFile }),
    command: tools.bin("versitygw"),
    args: [
      ...[...common, "--port", `${cloudAddress}:${ports.judge}`, "iam", "--dir", folder("iam")],
      ...["--private-ports", `127.0.0.1:${ports.judgePrivate}`],
      ...["--private-cert", server.certificate, "--private-cert-key", server.key],
      ...["--private-client-ca", clients.certificate],
    ],
    env,
  });
  await awaitPort(paths, [judgeProcess], cloudAddress, ports.judge);
  await ensureProcess(paths, {
    name: objectsProcess,
    namespace: cloudNamespace,
    command: tools.bin("versitygw"),
    args: [
      ...[...common, "--port", `127.0.0.1:${ports.objects}`],
      ...["--iam-standalone-endpoint", `127.0.0.1:${ports.judgePrivate}`],
      ...["--iam-standalone-client-cert", client.certificate, "--iam-standalone-client-cert-key", client.key],
      ...["--iam-standalone-server-ca", authority.certificate],
      // A changed policy holds at once, and a deleted one too.
      "--iam-cache-disable",
      ...["posix", "--versioning-dir", folder("versions"), folder("buckets")],
    ],
    env,
  });
  chmodSync(join(paths.cloud, "objects"), 0o700);
}
