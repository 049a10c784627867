/**
 * Asks the API server itself what an account may do (SubjectAccessReview, which keeps nothing), and by whose word: the
 * roles that were read say what should be, only the answer says who decides.
 */
import { AuthorizationV1Api } from "@kubernetes/client-node";
import { allPermissions } from "../../components/compute-plane/on-demand.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import type { Fact } from "../facts.ts";
import type { AccessReview } from "../facts-account.ts";
import { expand, type Grant } from "../reason/rbac/grants.ts";
import { type PlaneTarget, projectNamespaces, projectsOnDemand } from "../target.ts";
import { attempt } from "./attempt.ts";

export type Question = Pick<AccessReview, "namespace" | "account" | "asked">;

/** What no account of the plane should be told yes to. */
const forbidden: Omit<Grant, "via" | "namespace">[] = [
  { group: "core", resource: "secrets", verb: "list" },
  { group: "core", resource: "pods/exec", verb: "create" },
  { group: "core", resource: "serviceaccounts/token", verb: "create" },
  { group: "core", resource: "users", verb: "impersonate" },
  { group: "rbac.authorization.k8s.io", resource: "rolebindings", verb: "create" },
  { group: "admissionregistration.k8s.io", resource: "validatingadmissionpolicies", verb: "delete" },
  { group: "core", resource: "nodes", verb: "patch" },
];

const atOnce = 16;

export function readAccessReviews(target: PlaneTarget): Promise<Fact<AccessReview[]>> {
  const questions = questionsTo(target);
  return attempt(`create SubjectAccessReview, ${questions.length} questions`, async () => {
    const config = keptKubeConfig();
    config.loadFromFile(target.kubeconfig);
    const api = config.makeApiClient(AuthorizationV1Api);
    const answers: AccessReview[] = [];
    for (let at = 0; at < questions.length; at += atOnce) {
      const batch = questions.slice(at, at + atOnce);
      answers.push(...(await Promise.all(batch.map((question) => ask(api, question)))));
    }
    return answers;
  });
}

/** The first and the last project stand for all: roles of every namespace are compared one by one elsewhere. */
export function questionsTo(target: PlaneTarget): Question[] {
  const projects = projectNamespaces(target);
  const spaces = [...new Set([projects[0] ?? "", projects.at(-1) ?? ""])];
  const permissions = allPermissions(projectsOnDemand(target), target);
  const platform = [...new Set(permissions.map(({ account }) => account))];
  const accounts = [
    ...platform.map((account) => ({ namespace: target.namespace, account })),
    ...spaces.map((namespace) => ({ namespace, account: "default" })),
  ];
  const tabled = permissions.flatMap(({ rules, where, role }) =>
    where === "cluster"
      ? expand(rules, undefined, role)
      : (where === "platform" ? [target.namespace] : spaces).flatMap((place) => expand(rules, place, role)),
  );
  const everywhere = [target.namespace, ...spaces];
  const refused = everywhere.flatMap((namespace) => forbidden.map((grant) => ({ ...grant, namespace, via: "" })));
  return accounts.flatMap((account) => [...tabled, ...refused].map(({ via: _, ...asked }) => ({ ...account, asked })));
}

async function ask(api: AuthorizationV1Api, question: Question): Promise<AccessReview> {
  const { namespace, account, asked } = question;
  const [resource = "", subresource] = asked.resource.split("/");
  const { status } = await api.createSubjectAccessReview({
    body: {
      spec: {
        user: `system:serviceaccount:${namespace}:${account}`,
        groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
        resourceAttributes: {
          namespace: asked.namespace,
          group: asked.group === "core" ? "" : asked.group,
          resource,
          verb: asked.verb,
          ...(subresource ? { subresource } : {}),
          ...(asked.name ? { name: asked.name } : {}),
        },
      },
    },
  });
  if (!status || status.evaluationError) throw new Error(`no answer: ${status?.evaluationError ?? "empty status"}`);
  return { ...question, allowed: status.allowed, reason: status.reason ?? "" };
}
