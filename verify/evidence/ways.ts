import type { AwsAccess, Targets } from "../target.ts";

const notKept = "(not kept)";

/** The targets without how they were reached: files, profiles and addresses of the machine that looked say nothing of a plane. */
export function withoutWays({ customer, google, azure, controlPlane }: Targets): Targets {
  const aws: AwsAccess = { profile: notKept };
  return {
    ...(customer ? { customer: { ...customer, kubeconfig: notKept, aws } } : {}),
    ...(google ? { google: { ...google, kubeconfig: notKept, google: {} } } : {}),
    ...(azure ? { azure: { ...azure, kubeconfig: notKept, azure: { accessTokenFile: notKept } } } : {}),
    ...(controlPlane ? { controlPlane: withoutWaysIn(controlPlane, aws) } : {}),
  };
}

function withoutWaysIn({ caFile: _, signIn, ...controlPlane }: NonNullable<Targets["controlPlane"]>, aws: AwsAccess) {
  const { port, database, user } = controlPlane.database;
  const catalogue = { port, database, user, host: notKept, passwordFile: notKept };
  const known = signIn ? { signIn: { ...signIn, clientSecretFile: notKept } } : {};
  return { ...controlPlane, kubeconfig: notKept, aws, database: catalogue, ...known };
}
