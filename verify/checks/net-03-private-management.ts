import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

export const managementIsPrivate = defineCheck({
  id: "NET-03",
  title: "BYOC: the vendor reaches the Kubernetes API by a PrivateLink that lets exactly its principals in",
  severity: "critical",
  claims: ["net-byoc-private-management"],
  documented: [],
  fix: "Set privateLink.principals and acceptedEndpoints of the customer's base stack, and remove other endpoint services.",
  needs: ["network"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: no endpoint service is offered, as VND-01 decides" : undefined,
  evaluate({ network }, target) {
    const { endpointServices } = network;
    const wanted = target.management?.endpointService;
    const found = endpointServices.find(({ id }) => wanted?.endsWith(`.${id}`));
    if (!found) return [fail(`endpoint service ${wanted ?? "of the cluster's API"}`, "does not exist")];
    const subject = `endpoint service ${found.id}`;
    const vendors = new Set(found.principals.map((principal) => principal.split(":")[4]));
    const wide = found.principals.find((one) => !/^arn:aws[\w-]*:iam::\d{12}:(role|user)\/[^*]+$/.test(one));
    const open = found.balancers.find(({ scheme }) => scheme !== "internal");
    const judged = (ok: boolean, good: string, bad: string): Finding => (ok ? pass(subject, good) : fail(subject, bad));
    return [
      judged(found.state.toLowerCase() === "available", "available", `state ${found.state}`),
      judged(found.acceptanceRequired, "each endpoint must be accepted", "lets every endpoint in unasked"),
      judged(
        found.balancers.length > 0 && !open,
        "behind it an internal balancer",
        `behind it ${open?.arn ?? "nothing"}`,
      ),
      judged(
        found.principals.length > 0 && !wide,
        `offered to ${found.principals.join(", ")}`,
        `offered to ${wide ?? "nobody"}`,
      ),
      ...judgeConnections(subject, found.connections, vendors),
      ...endpointServices
        .filter(
          ({ id, principals }) =>
            id !== found.id && principals.some((one) => one === "*" || vendors.has(one.split(":")[4])),
        )
        .map(({ id }) => fail(`endpoint service ${id}`, "a second one is offered to the vendor")),
    ];
  },
  sabotages: [
    {
      name: "the endpoint service is gone",
      apply({ network }) {
        network.endpointServices = [];
      },
    },
    {
      name: "every endpoint is let in unasked",
      apply({ network }) {
        for (const service of network.endpointServices) service.acceptanceRequired = false;
      },
    },
    {
      name: "its balancer faces the internet",
      apply({ network }) {
        for (const service of network.endpointServices)
          for (const one of service.balancers) one.scheme = "internet-facing";
      },
    },
    {
      name: "a whole account may ask, last on the list",
      apply({ network }) {
        network.endpointServices[0]?.principals.push("arn:aws:iam::999999999999:root");
      },
    },
    {
      name: "the vendor's endpoint is not connected",
      apply({ network }) {
        for (const service of network.endpointServices)
          for (const one of service.connections) one.state = "pendingAcceptance";
      },
    },
    {
      name: "a second endpoint service is offered to everybody",
      apply({ network }) {
        const offered = { acceptanceRequired: false, balancers: [], principals: ["*"], connections: [] };
        network.endpointServices.push({ id: "vpce-svc-open", state: "Available", ...offered });
      },
    },
    {
      name: "a stranger's endpoint is connected too",
      apply({ network }) {
        const connection = { endpoint: "vpce-2", owner: "888888888888", state: "available" };
        network.endpointServices[0]?.connections.push(connection);
      },
    },
  ],
});

function judgeConnections(
  subject: string,
  connections: { endpoint: string; owner: string; state: string }[],
  vendors: Set<string | undefined>,
): Finding[] {
  const connected = connections.filter(({ state }) => state.toLowerCase() === "available");
  if (connected.length === 0) return [fail(subject, "no endpoint of the vendor's is connected")];
  return connected.map(({ endpoint, owner }) =>
    vendors.has(owner)
      ? pass(subject, `${endpoint} of ${owner}`)
      : fail(subject, `${endpoint} of ${owner} is connected`),
  );
}
