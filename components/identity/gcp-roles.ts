/** What the plane's service accounts may do in Google Cloud, as data: roles, permissions and conditions. */

/** Create, read, list, replace and delete objects; nothing about who may, unlike `objectAdmin`. */
export const objectUser = "roles/storage.objectUser";
export const workloadIdentityUser = "roles/iam.workloadIdentityUser";

/** An IAM condition: title and CEL. */
export interface Condition {
  title: string;
  expression: string;
}

/**
 * Objects under one prefix, and listing just these: what the prefix of an AWS policy says. A list asks of the bucket,
 * so its own prefix is judged; every other call asks of an object's name.
 */
export function objectsUnder(bucket: string, prefix: string): Condition {
  const name = `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}/")`;
  const listed = `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}/")`;
  return { title: `objects under ${prefix}`, expression: `${name} || ${listed}` };
}

/** Secrets whose ids begin so, with their versions. IAM names them by the project's number. */
export function secretsUnder(projectNumber: string, idPrefix: string): Condition {
  return {
    title: `secrets ${idPrefix}*`,
    expression: `resource.name.startsWith("projects/${projectNumber}/secrets/${idPrefix}")`,
  };
}

/**
 * Rights that no role of Google's grants by themselves. `signer`: Google's own for it (serviceAccountTokenCreator) would
 * also hand out tokens. `secretMaker`: asked of the project, before there is a name that a condition could judge.
 */
export const customRoles = {
  signer: {
    title: "Signs URLs as itself",
    permissions: ["iam.serviceAccounts.signBlob"],
  },
  secretKeeper: {
    title: "Keeps users' secrets",
    permissions: [
      "secretmanager.secrets.delete",
      "secretmanager.versions.access",
      "secretmanager.versions.add",
      "secretmanager.versions.destroy",
    ],
  },
  secretMaker: {
    title: "Makes users' secrets",
    permissions: ["secretmanager.secrets.create"],
  },
} as const;

export type CustomRole = keyof typeof customRoles;

/** Ids know no "-", and a cluster's name no "_": no two clusters' roles meet. */
export function customRoleId(clusterName: string, role: string): string {
  return `${clusterName.replaceAll("-", "_")}_${role}`;
}

/** A Kubernetes service account as IAM names it. */
export function podMember(project: string, namespace: string, serviceAccount: string): string {
  return `serviceAccount:${project}.svc.id.goog[${namespace}/${serviceAccount}]`;
}

/** @returns the e-mail that a service account of that id has */
export function emailOf(accountId: string, project: string): string {
  // A project of a domain, `example.com:name`, has its parts the other way round.
  const [domain, name] = project.includes(":") ? project.split(":") : [undefined, project];
  return `${accountId}@${name}${domain ? `.${domain}` : ""}.iam.gserviceaccount.com`;
}
