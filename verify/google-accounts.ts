/** Service accounts of a plane on Google Cloud, as its stack makes them: by e-mail, with who takes each. */
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { emailOf } from "../components/identity/gcp-roles.ts";
import { physicalName } from "../shared/names.ts";
import { declaredProjects, type GoogleTarget } from "./target.ts";

export interface TaskAccount {
  email: string;
  /** What the names of its objects begin with, without a slash at the end. */
  prefix: string;
  /** Namespaces whose task pods take it; nobody, of the shared one where each project has its own. */
  namespaces: string[];
}

/** The documented one first. */
export function taskAccounts(target: GoogleTarget): TaskAccount[] {
  const { accounts, isolation, org, project } = target;
  const declared = declaredProjects(target);
  const shared = isolation === "shared";
  const name = accounts.user.split("@")[0] ?? "";
  const own = (of: (typeof declared)[number]): TaskAccount => ({
    email: emailOf(physicalName("service-account", name, of.project, of.domain), project),
    prefix: `${org}/${of.project}/${of.domain}`,
    namespaces: [projectNamespace(of)],
  });
  return [
    { email: accounts.user, prefix: org, namespaces: shared ? declared.map(projectNamespace) : [] },
    ...(shared ? [] : declared.map(own)),
  ];
}

/** @returns the e-mail of who task pods of a namespace are */
export function taskAccountIn(target: GoogleTarget, namespace: string): string {
  const own = taskAccounts(target).find(({ namespaces }) => namespaces.includes(namespace));
  if (!own) throw new Error(`${namespace} is no namespace of the plane's projects`);
  return own.email;
}
