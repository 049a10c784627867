/** That nothing in the cluster but the tunnel can be this plane to its region, and that no Service is a way in; in any cloud. */
import type { V1Pod } from "@kubernetes/client-node";
import { identitySecret } from "../../components/compute-plane/permissions.ts";
import { componentLabel, componentsOf } from "../documented/components.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { allows, grantsByAccount, type RbacFacts } from "../reason/rbac/grants.ts";
import type { PlaneTarget } from "../target.ts";

const tunnel = "tunnel";

export const tunnelFacts = [
  ...(["services", "pods", "serviceAccounts"] as const),
  ...(["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"] as const),
] as const;
type Seen<K extends keyof Facts> = Pick<Facts, K>;
type TunnelFacts = Seen<(typeof tunnelFacts)[number]>;

export function judgeTunnel(facts: TunnelFacts, target: PlaneTarget): Finding[] {
  return [...judgeServices(facts), ...judgePods(facts.pods, target), ...judgeReaders(facts, target)];
}

interface TunnelSabotage {
  name: string;
  apply(facts: TunnelFacts, target: PlaneTarget): undefined | false;
}

export const tunnelSabotages: readonly TunnelSabotage[] = [
  {
    name: "a Service asks for a balancer",
    apply({ services }) {
      services.push({ metadata: { namespace: "stranger", name: "open" }, spec: { type: "LoadBalancer" } });
    },
  },
  {
    name: "another pod holds the plane's identity",
    apply({ pods }, target) {
      const other = pods.findLast((pod) => isOfPlane(pod, target) && !isTunnel(pod));
      if (!other?.spec) return false;
      other.spec.volumes = [...(other.spec.volumes ?? []), { name: "i", secret: { secretName: identitySecret } }];
      return undefined;
    },
  },
  {
    name: "the executor may read the plane's identity",
    apply(facts, target) {
      facts.roles.push({
        metadata: { namespace: target.namespace, name: "reader" },
        rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
      });
      facts.roleBindings.push({
        metadata: { namespace: target.namespace, name: "readers" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
        subjects: [{ kind: "ServiceAccount", namespace: target.namespace, name: "executor" }],
      });
    },
  },
];

function judgeServices({ services }: Seen<"services">): Finding[] {
  const open = services.filter(({ spec }) => spec?.type === "LoadBalancer" || spec?.externalIPs?.length);
  return open.length > 0
    ? open.map((service) => fail(subjectOf("Service", service), "opens a way into the network"))
    : [pass("Services", `${services.length}, none of them a way into the network`)];
}

/** The key that the region knows the plane by. */
function judgePods(pods: V1Pod[], target: PlaneTarget): Finding[] {
  const own = pods.filter((pod) => isOfPlane(pod, target));
  const tunnels = own.filter(isTunnel);
  if (tunnels.length === 0) return [fail(`Namespace/${target.namespace}`, "no pod of the tunnel's")];
  return own.map((pod) => {
    const subject = subjectOf("Pod", pod);
    if (isTunnel(pod)) return pass(subject, "is the tunnel");
    return holdsIdentity(pod)
      ? fail(subject, "holds what the plane is known by, and is not the tunnel")
      : pass(subject, "cannot say that it is the plane");
  });
}

/** Of the accounts of all namespaces: whoever can read the key is the plane to the region. */
function judgeReaders(facts: RbacFacts & Seen<"serviceAccounts">, target: PlaneTarget): Finding[] {
  const grantsOf = grantsByAccount(facts);
  const tunnelAccount = componentsOf(target).find(({ name }) => name === tunnel)?.serviceAccount;
  const secret = { namespace: target.namespace, group: "core", resource: "secrets", name: identitySecret };
  const subject = `Secret/${target.namespace}/${identitySecret}`;
  const readers = facts.serviceAccounts.flatMap(({ metadata }) => {
    const account = { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" };
    const isOwn = account.namespace === target.namespace && account.name === tunnelAccount;
    const grants = isOwn || account.namespace === "kube-system" ? [] : grantsOf(account);
    const grant = ["get", "list", "watch"].map((verb) => allows(grants, { ...secret, verb })).find(Boolean);
    return grant ? [fail(subject, `${account.namespace}/${account.name} may ${grant.verb} it, by ${grant.via}`)] : [];
  });
  return readers.length > 0 ? readers : [pass(subject, `no account of the cluster but ${tunnelAccount} may read it`)];
}

function isOfPlane({ metadata }: V1Pod, { namespace }: PlaneTarget): boolean {
  return metadata?.namespace === namespace;
}

const isTunnel = ({ metadata }: V1Pod) => metadata?.labels?.[componentLabel] === tunnel;

function holdsIdentity({ spec }: V1Pod): boolean {
  const mounted = (spec?.volumes ?? []).flatMap(({ secret, projected }) => [
    secret?.secretName,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
  ]);
  return mounted.includes(identitySecret);
}
