import { defineJointCheck } from "../check.ts";
import { componentLabel } from "../documented/components.ts";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { registeredName } from "../target.ts";

/** Twice what lies between two heartbeats. */
const longestSeconds = 20;
const tunnel = "tunnel";

export const tunnelIsHeardOf = defineJointCheck({
  id: "TUN-01",
  title: "The tunnel reports to the region every ten seconds, and Kubernetes asks it how it is",
  severity: "medium",
  claims: ["net-tunnel-health-checks"],
  documented: [],
  fix: "Look at the tunnel's log: what keeps it from the relay, or its pod from being ready.",
  needs: ["regionClusters", "deployments"],
  evaluate({ regionClusters, deployments }, { customer }) {
    const name = registeredName(customer);
    const subject = `cluster ${name}`;
    const known = regionClusters.find(({ cluster }) => cluster === name);
    const own = deployments.filter(
      ({ metadata }) => metadata?.namespace === customer.namespace && metadata.labels?.[componentLabel] === tunnel,
    );
    return [
      known ? judge(known) : fail(subject, "is not known to the region, or not to the organisation that is signed in"),
      ...own.map((deployment): Finding => {
        const unasked = (deployment.spec?.template.spec?.containers ?? []).find(
          ({ livenessProbe, readinessProbe }) => !livenessProbe || !readinessProbe,
        );
        const where = subjectOf("Deployment", deployment);
        return unasked
          ? fail(where, `${unasked.name} has no probe for both life and readiness`)
          : pass(where, "is probed");
      }),
      ...(own.length > 0 ? [] : [fail(`Namespace/${customer.namespace}`, "has no tunnel")]),
    ];

    function judge({ healthy, heardSecondsAgo: ago, connections }: (typeof regionClusters)[number]): Finding {
      if (ago === undefined) return fail(subject, "was never heard of");
      if (ago > longestSeconds) return fail(subject, `was last heard of ${ago} s ago`);
      if (!healthy || connections < 1) return fail(subject, `has ${connections} tunnels, healthy: ${healthy}`);
      return pass(subject, `heard of ${ago} s ago, by ${connections} tunnels`);
    }
  },
  sabotages: [
    {
      name: "it was last heard of a minute ago",
      apply({ regionClusters }, { customer }) {
        const known = regionClusters.find(({ cluster }) => cluster === registeredName(customer));
        if (!known) return false;
        known.heardSecondsAgo = 60;
        return undefined;
      },
    },
    {
      name: "it has no tunnel open",
      apply({ regionClusters }) {
        for (const cluster of regionClusters) cluster.connections = 0;
      },
    },
    {
      name: "another cluster reports",
      apply({ regionClusters }) {
        for (const cluster of regionClusters) cluster.cluster = "another";
      },
    },
    {
      name: "nobody asks the tunnel's pod how it is",
      apply({ deployments }) {
        for (const { metadata, spec } of deployments)
          for (const container of spec?.template.spec?.containers ?? [])
            if (metadata?.labels?.[componentLabel] === tunnel) delete container.livenessProbe;
      },
    },
  ],
});
