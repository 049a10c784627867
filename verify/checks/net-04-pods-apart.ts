import { defineClusterCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** Only where the cluster was seen to enforce policies: the probe says nothing of one that does not. */
export const podsAreApart = defineClusterCheck({
  id: "NET-04",
  title: "A pod of a foreign namespace reaches no pod of the platform's, on a cluster that enforces policies",
  severity: "high",
  probes: true,
  claims: ["k8s-network-policies-isolate-pods"],
  documented: ["C04"],
  fix: "Turn on the network plugin's policy agent, and bring the default-deny policies up again.",
  needs: ["probedConnections"],
  evaluate({ probedConnections }, { namespace }) {
    const wanted = { open: true, closed: false, plane: false };
    const plane = probedConnections.filter((one) => one.case === "plane");
    return [
      ...probedConnections.map(
        (one): Finding =>
          one.connected === wanted[one.case] ? pass(one.to, one.told) : fail(one.to, `${one.case}: ${one.told}`),
      ),
      ...(["open", "closed"] as const)
        .filter((control) => !probedConnections.some((one) => one.case === control))
        .map((control) => fail(`control: ${control}`, "was not tried")),
      plane.length > 0
        ? pass(`Namespace/${namespace}`, `${plane.length} listening pods tried`)
        : fail(`Namespace/${namespace}`, "none of its pods was tried"),
    ];
  },
  sabotages: [
    {
      name: "the last pod of the platform's is reached",
      apply({ probedConnections }) {
        const last = probedConnections.findLast((one) => one.case === "plane");
        if (last) last.connected = true;
      },
    },
    {
      name: "the closed pod is reached too",
      apply({ probedConnections }) {
        for (const one of probedConnections) if (one.case === "closed") one.connected = true;
      },
    },
    {
      name: "nothing of the platform's was tried",
      apply(facts) {
        facts.probedConnections = facts.probedConnections.filter((one) => one.case !== "plane");
      },
    },
  ],
});
