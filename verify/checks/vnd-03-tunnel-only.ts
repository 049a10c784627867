import type { V1Pod } from "@kubernetes/client-node";
import { identitySecret } from "../../components/compute-plane/permissions.ts";
import { defineCheck } from "../check.ts";
import { componentLabel, componentsOf } from "../documented/components.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { allows, grantsByAccount, type RbacFacts } from "../reason/rbac/grants.ts";
import type { Target } from "../target.ts";

const tunnel = "tunnel";
/** Of AWS itself; `com.amazonaws.vpce.…` is somebody's own, behind a private link. */
const isOfAws = (service: string) => /^(?:com|aws)\.(?:amazonaws|api)\.(?!vpce\.)/.test(service);
const isGone = (state: string) => /^(deleted|deleting|expired|failed|rejected)$/i.test(state);

/**
 * That nobody has access is VND-01's matter. Here: by which connection anything of the vendor's could come at all. No
 * other network is joined, and only the tunnel's pods can say that they are this plane.
 */
export const tunnelIsTheOnlyConnection = defineCheck({
  id: "VND-03",
  title: "Self-managed: the tunnel is the only connection: no network is joined with the plane's, by whichever means",
  severity: "critical",
  claims: ["model-sm-tunnel-only"],
  documented: [],
  fix: "Remove the peering, attachment, VPN, endpoint or endpoint service; let nobody but the tunnel read its identity.",
  needs: [
    ...(["network", "services", "pods", "serviceAccounts"] as const),
    ...(["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"] as const),
  ],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor manages the cluster by a private link besides, as NET-03 decides" : undefined,
  evaluate(facts, target) {
    return [
      ...judgeLinks(facts),
      ...judgeServices(facts),
      ...judgePods(facts.pods, target),
      ...judgeReaders(facts, target),
    ];
  },
  sabotages: [
    {
      name: "the network is peered with another one, of the same account",
      apply({ network }, { account }) {
        network.peerings.push({ id: "pcx-1", owners: [account, account], state: "active" });
      },
    },
    {
      name: "it is attached to a transit gateway",
      apply({ network }, { account }) {
        network.transits.push({ id: "tgw-attach-1", gatewayOwner: account, state: "available" });
      },
    },
    {
      name: "a VPN ends in the account",
      apply({ network }) {
        network.vpns.push({ id: "vpn-1", state: "available" });
      },
    },
    {
      name: "the last endpoint leads to somebody's private link",
      apply({ network }) {
        const service = "com.amazonaws.vpce.us-east-2.vpce-svc-0vendor";
        network.endpoints.push({ id: "vpce-9", service, state: "available" });
      },
    },
    {
      name: "the cluster's API is offered by an endpoint service, to nobody yet",
      apply({ network }) {
        const offered = { acceptanceRequired: true, balancers: [], principals: [], connections: [] };
        network.endpointServices.push({ id: "vpce-svc-1", state: "Available", ...offered });
      },
    },
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
  ],
});

type Seen<K extends keyof Facts> = Pick<Facts, K>;

/** Whoever's the other side is: a network of the same account's may be joined with the vendor's in its turn. */
function judgeLinks({ network }: Seen<"network">): Finding[] {
  const { vpcId, peerings, transits, vpns, endpoints, endpointServices } = network;
  const there = <T extends { state: string }>(all: T[]) => all.filter(({ state }) => !isGone(state));
  const own = there(endpoints).filter(({ service }) => isOfAws(service));
  const found = [
    ...there(peerings).map(({ id, owners }) => fail(`peering ${id}`, `joins the networks of ${owners.join(" and ")}`)),
    ...there(transits).map(({ id, gatewayOwner }) =>
      fail(`attachment ${id}`, `to a transit gateway of ${gatewayOwner}`),
    ),
    ...there(vpns).map(({ id, state }) => fail(`VPN connection ${id}`, `is ${state}`)),
    ...there(endpoints)
      .filter((one) => !own.includes(one))
      .map(({ id, service }) => fail(`endpoint ${id}`, `leads to ${service}, which is no service of AWS's own`)),
    ...there(endpointServices).map(({ id }) => fail(`endpoint service ${id}`, "offers a way in")),
  ];
  const services = own.map(({ service }) => service.split(".").at(-1)).join(", ") || "none";
  return found.length > 0 ? found : [pass(`network ${vpcId}`, `joined with no other; endpoints of AWS's: ${services}`)];
}

function judgeServices({ services }: Seen<"services">): Finding[] {
  const open = services.filter(({ spec }) => spec?.type === "LoadBalancer" || spec?.externalIPs?.length);
  return open.length > 0
    ? open.map((service) => fail(subjectOf("Service", service), "opens a way into the network"))
    : [pass("Services", `${services.length}, none of them a way into the network`)];
}

/** The key that the region knows the plane by. */
function judgePods(pods: V1Pod[], target: Target): Finding[] {
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
function judgeReaders(facts: RbacFacts & Seen<"serviceAccounts">, target: Target): Finding[] {
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

function isOfPlane({ metadata }: V1Pod, { namespace }: Target): boolean {
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
