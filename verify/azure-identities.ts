/** Managed identities of a plane on Azure, as its stack makes them: by name, with who takes each. */
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { planIdentities } from "../components/identity/azure-plan.ts";
import { subjectOf } from "../components/identity/azure-roles.ts";
import { identityId, sameId } from "./collect/azure/places.ts";
import type { AzureIdentityFact } from "./facts-azure.ts";
import { type AzureTarget, adminAccounts, declaredProjects } from "./target.ts";

export interface PlaneIdentity {
  name: string;
  /** What the names of its objects begin with, without a slash at the end; absent where it reaches all. */
  prefix?: string;
  /** Kubernetes accounts that take it, as tokens name them; nobody, of the documented one where each project has its own. */
  subjects: string[];
  /** Namespaces whose task pods take it. */
  namespaces: string[];
}

/** Of the services. */
export function adminIdentity(target: AzureTarget): PlaneIdentity {
  const { identities, namespace } = target;
  const subjects = adminAccounts(target).map((serviceAccount) => subjectOf({ namespace, serviceAccount }));
  return { name: identities.admin, subjects, namespaces: [] };
}

/** Of task pods, the documented one first. */
export function taskIdentities(target: AzureTarget): [PlaneIdentity, ...PlaneIdentity[]] {
  const { identities, org, namespace, isolation } = target;
  const projects = declaredProjects(target).map((space) => ({ ...space, namespace: projectNamespace(space) }));
  // The plan is the stack's own: which namespaces share an identity follows from their order.
  const plan = planIdentities({ names: identities, org, namespace, secretsInCloud: false, projects, isolation });
  const [first, ...others] = plan.users.map(({ name, subjects, prefix = org }): PlaneIdentity => {
    return { name, prefix, subjects: subjects.map(subjectOf), namespaces: subjects.map((one) => one.namespace) };
  });
  if (!first) throw new Error("a plane has an identity of task pods");
  return [first, ...others];
}

export function planeIdentities(target: AzureTarget): PlaneIdentity[] {
  return [adminIdentity(target), ...taskIdentities(target)];
}

/** As it was read. */
export function foundIdentity(
  found: readonly AzureIdentityFact[],
  target: AzureTarget,
  { name }: Pick<PlaneIdentity, "name">,
): AzureIdentityFact | undefined {
  return found.find(({ id }) => sameId(id, identityId(target, name)));
}

/** Who task pods of a namespace are. */
export function taskIdentityIn(target: AzureTarget, namespace: string): PlaneIdentity {
  const own = taskIdentities(target).find(({ namespaces }) => namespaces.includes(namespace));
  if (!own) throw new Error(`${namespace} is no namespace of the plane's projects`);
  return own;
}
