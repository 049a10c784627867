/**
 * moto: the store of what the stacks configure in AWS. Never a judge: it checks no signature, policy or condition, and
 * it forgets everything when it stops. What it lacks of other services is kept before it: keeper/README.md.
 */
import type { Sandbox } from "../context.ts";
import { ensureProcess } from "../processes.ts";
import { cloudNamespace, ports } from "./addresses.ts";

export const emulatorProcess = "cloud-emulator";

export async function startEmulator({ paths, tools }: Sandbox): Promise<void> {
  await ensureProcess(paths, {
    name: emulatorProcess,
    namespace: cloudNamespace,
    command: tools.python.cloud,
    args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(ports.emulator)],
    env: {
      // Else `aws` of aws.biplane.test is taken for a bucket's name.
      S3_IGNORE_SUBDOMAIN_BUCKETNAME: "true",
      // The stacks attach AmazonEKSClusterPolicy.
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      MOTO_EC2_LOAD_DEFAULT_AMIS: "false",
      PYTHONUNBUFFERED: "1",
    },
  });
}
