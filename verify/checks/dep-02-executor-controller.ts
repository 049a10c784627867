import type { V1CustomResourceDefinition, V1Deployment, V1Pod } from "@kubernetes/client-node";
import { revisionLabel } from "../../components/serving/contract.ts";
import { defineClusterCheck } from "../check.ts";
import { components } from "../documented/components.ts";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { allows, grantsTo, textOf } from "../reason/rbac/grants.ts";
import { projectNamespaces } from "../target.ts";

const group = "flyte.org";
const definition = `taskactions.${group}`;
/** What a controller of task pods cannot do without, in every namespace where it works. */
const duties = [
  { group, resource: "taskactions", verb: "watch" },
  { group, resource: "taskactions/status", verb: "update" },
  { group: "core", resource: "pods", verb: "create" },
  { group: "core", resource: "pods", verb: "watch" },
  { group: "core", resource: "pods", verb: "delete" },
];

/** Pods that nobody's TaskAction owns would be nobody's: whoever makes pods by hand is not the controller. */
export const executorIsController = defineClusterCheck({
  id: "DEP-02",
  title: "The executor is a controller in the cluster: it watches TaskActions and owns every task pod",
  severity: "medium",
  claims: ["dp-executor-is-k8s-controller"],
  documented: ["C02"],
  fix: "Deploy executor, definition and roles by the customer stack; remove pods that no TaskAction owns.",
  needs: [
    "deployments",
    "customResourceDefinitions",
    "pods",
    "roles",
    "clusterRoles",
    "roleBindings",
    "clusterRoleBindings",
  ],
  evaluate(facts, target) {
    const name = "executor";
    const account = components.find((component) => component.name === name)?.serviceAccount ?? name;
    const rights = grantsTo({ namespace: target.namespace, name: account }, facts);
    const rightsIn = Map.groupBy(rights, ({ namespace }) => namespace);
    const spaces = projectNamespaces(target);
    const isSpace = new Set(spaces);
    // An app's pods are those of a Deployment that Knative makes of its revision.
    const isApps = ({ metadata }: V1Pod) =>
      target.servesApps &&
      metadata?.labels?.[revisionLabel] !== undefined &&
      metadata.ownerReferences?.some(({ kind, apiVersion }) => kind === "ReplicaSet" && apiVersion === "apps/v1");
    const taskPods = facts.pods.filter((pod) => isSpace.has(pod.metadata?.namespace ?? "") && !isApps(pod));
    return [
      judgeDeployment(facts.deployments, target.namespace, name, account),
      judgeDefinition(facts.customResourceDefinitions),
      ...spaces.map((namespace): Finding => {
        const subject = `ServiceAccount/${target.namespace}/${account} in ${namespace}`;
        const own = [...(rightsIn.get(undefined) ?? []), ...(rightsIn.get(namespace) ?? [])];
        const lacking = duties.find((duty) => !allows(own, { ...duty, namespace }));
        if (lacking) return fail(subject, `may not ${textOf({ ...lacking, namespace, via: "" })}`);
        return pass(subject, "watches TaskActions; creates, watches and deletes pods");
      }),
      ...taskPods.map((pod): Finding => {
        const owner = pod.metadata?.ownerReferences?.find(
          ({ kind, apiVersion }) => kind === "TaskAction" && apiVersion.startsWith(`${group}/`),
        );
        const subject = subjectOf("Pod", pod);
        return owner ? pass(subject, `owned by TaskAction ${owner.name}`) : fail(subject, "no TaskAction owns it");
      }),
    ];
  },
  sabotages: [
    {
      name: "the executor's Deployment is gone",
      apply(facts) {
        facts.deployments = facts.deployments.filter(({ metadata }) => metadata?.name !== "executor");
      },
    },
    {
      name: "the API server does not know TaskActions",
      apply(facts) {
        facts.customResourceDefinitions = facts.customResourceDefinitions.filter(
          ({ metadata }) => metadata?.name !== definition,
        );
      },
    },
    {
      name: "the executor may not watch TaskActions in the last project",
      apply(facts, target) {
        const last = projectNamespaces(target).at(-1);
        for (const role of facts.roles.filter(({ metadata }) => metadata?.namespace === last)) {
          role.rules = role.rules?.filter(({ resources }) => !resources?.includes("taskactions"));
        }
      },
    },
    {
      name: "a pod that no TaskAction owns runs in the first project",
      apply(facts, target) {
        facts.pods.push({ metadata: { namespace: projectNamespaces(target)[0] ?? "", name: "by-hand" } });
      },
    },
  ],
});

function judgeDeployment(
  deployments: readonly V1Deployment[],
  namespace: string,
  name: string,
  account: string,
): Finding {
  const deployment = deployments.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  const subject = `Deployment/${namespace}/${name}`;
  if (!deployment) return fail(subject, "does not exist");
  const runsAs = deployment.spec?.template.spec?.serviceAccountName ?? "default";
  if (runsAs !== account) return fail(subject, `runs as ${runsAs}, not ${account}`);
  if ((deployment.status?.availableReplicas ?? 0) < 1) return fail(subject, "no pod is available");
  return pass(subject, `available, as ${account}`);
}

function judgeDefinition(definitions: readonly V1CustomResourceDefinition[]): Finding {
  const found = definitions.find(({ metadata }) => metadata?.name === definition);
  const subject = `CustomResourceDefinition/${definition}`;
  const established = found?.status?.conditions?.some(
    ({ type, status }) => type === "Established" && status === "True",
  );
  return established ? pass(subject, "established") : fail(subject, found ? "not established" : "does not exist");
}
