/** Who takes the plane's identities, in every cloud that names one account after the other. */
import {
  adminServiceAccounts,
  type ProjectSpace,
  type Subject,
  secretsServiceAccount,
  taskServiceAccount,
} from "./contract.ts";

/** Services of the platform's namespace that take the admin's. */
export function serviceSubjects({
  namespace,
  secretsInCloud,
}: {
  namespace: string;
  secretsInCloud: boolean;
}): Subject[] {
  const accounts = [...Object.values(adminServiceAccounts), ...(secretsInCloud ? [secretsServiceAccount] : [])];
  return accounts.map((serviceAccount) => ({ namespace, serviceAccount }));
}

/** Task pods of each project and domain. */
export function taskSubjects(projects: readonly ProjectSpace[]): Subject[] {
  return projects.map(({ namespace }) => ({ namespace, serviceAccount: taskServiceAccount }));
}
