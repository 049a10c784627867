import type { V1Deployment, V1NetworkPolicy } from "@kubernetes/client-node";
import { defineJointCheck } from "../check.ts";
import { componentLabel } from "../documented/components.ts";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";
import { registeredName } from "../target.ts";

/** Twice what lies between two heartbeats, which go by this channel and not by the tunnels. */
const longestSeconds = 20;
const tunnel = "tunnel";
/** What makes Node believe any certificate. */
const blindfold = "NODE_TLS_REJECT_UNAUTHORIZED";

const isTunnel = ({ metadata }: { metadata?: V1Deployment["metadata"] }) =>
  metadata?.labels?.[componentLabel] === tunnel;

export const secondChannelIsOutbound = defineJointCheck({
  id: "TUN-02",
  title: "Beside its tunnels the plane calls its region by a channel of its own: out, on 443, by verified TLS",
  severity: "high",
  claims: ["grpc-second-outbound-channel"],
  documented: [],
  fix: "Apply the customer's stack again; nothing else may set the tunnel's host, or what it trusts.",
  needs: ["regionClusters", "deployments", "networkPolicies"],
  evaluate({ regionClusters, deployments, networkPolicies }, { customer, controlPlane }) {
    const name = registeredName(customer);
    const subject = `cluster ${name}`;
    const heard = regionClusters.find(({ cluster }) => cluster === name)?.heardSecondsAgo;
    const here = { namespace: customer.namespace };
    const own = deployments.filter((one) => one.metadata?.namespace === here.namespace && isTunnel(one));
    const policies = networkPolicies.filter((one) => one.metadata?.namespace === here.namespace && isTunnel(one));
    return [
      heard === undefined || heard > longestSeconds
        ? fail(subject, heard === undefined ? "has never called its region" : `called its region last ${heard} s ago`)
        : pass(subject, `called its region ${heard} s ago`),
      ...own.map((deployment) => judgePod(deployment, controlPlane.endpoint)),
      ...policies.map(judgePolicy),
      ...(own.length > 0 && policies.length > 0
        ? []
        : [fail(`Namespace/${here.namespace}`, `${own.length} tunnels, ${policies.length} policies for them`)]),
    ];
  },
  sabotages: [
    {
      name: "it believes any certificate",
      apply({ deployments }) {
        for (const { spec } of deployments.filter(isTunnel))
          for (const container of spec?.template.spec?.containers ?? [])
            container.env = [...(container.env ?? []), { name: blindfold, value: "0" }];
      },
    },
    {
      name: "it is told another host",
      apply({ deployments }) {
        for (const { spec } of deployments.filter(isTunnel))
          for (const entry of spec?.template.spec?.containers.flatMap(({ env = [] }) => env) ?? [])
            if (entry.name === "CONTROL_PLANE_HOST") entry.value = "elsewhere.test";
      },
    },
    {
      name: "it was last heard of a minute ago",
      apply({ regionClusters }) {
        for (const cluster of regionClusters) cluster.heardSecondsAgo = 60;
      },
    },
    {
      name: "its policy lets nothing out on 443",
      apply({ networkPolicies }) {
        for (const { spec } of networkPolicies.filter(isTunnel)) if (spec) spec.egress = [];
      },
    },
    {
      name: "its policy is gone",
      apply(facts) {
        facts.networkPolicies = facts.networkPolicies.filter((policy) => !isTunnel(policy));
      },
    },
  ],
});

function judgePod(deployment: V1Deployment, endpoint: string): Finding {
  const subject = subjectOf("Deployment", deployment);
  const env = containersOf({ spec: deployment.spec?.template.spec }).flatMap((container) => container.env ?? []);
  const host = env.find((entry) => entry.name === "CONTROL_PLANE_HOST")?.value;
  if (host !== endpoint) return fail(subject, `is told the region ${host}, and ${endpoint} is its name`);
  const blind = env.find((entry) => entry.name === blindfold);
  return blind
    ? fail(subject, `${blindfold} is set: certificates may go unverified`)
    : pass(subject, `dials ${host} and verifies it`);
}

/** Also by a range or a name: what counts is that TLS may leave. */
function judgePolicy(policy: V1NetworkPolicy): Finding {
  const subject = subjectOf("NetworkPolicy", policy);
  const leaves = policy.spec?.egress?.some(
    ({ to = [], ports = [] }) => to.some(({ ipBlock }) => ipBlock) && ports.some(({ port }) => port === 443),
  );
  return leaves ? pass(subject, "lets TLS out on 443") : fail(subject, "lets nothing out of the cluster on 443");
}
