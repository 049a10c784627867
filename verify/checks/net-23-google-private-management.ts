import { defineGoogleCheck } from "../check.ts";
import type { GoogleAttachmentFact } from "../facts-google.ts";
import { type Finding, fail, pass } from "../outcome.ts";

export const googleManagementIsPrivate = defineGoogleCheck({
  id: "NET-23",
  title: "BYOC: the vendor reaches the Kubernetes API by a service attachment that lets exactly its projects in",
  severity: "critical",
  claims: ["net-byoc-private-management"],
  documented: [],
  fix: "Set privateLink.acceptedProjects of the customer's base stack, and remove other service attachments.",
  needs: ["googleNetwork"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: no service attachment is offered, as VND-21 decides" : undefined,
  evaluate({ googleNetwork }, { management }) {
    const wanted = management?.serviceAttachment.replace(/^https:\/\/[^/]+\/compute\/v1\//, "");
    const found = googleNetwork.attachments.find(({ name }) => name === wanted);
    if (!found) return [fail(`service attachment ${wanted ?? "of the cluster's API"}`, "does not exist")];
    const others = googleNetwork.attachments.filter((one) => one !== found);
    const vendors = new Set(found.accepted);
    return [
      ...judgeAttachment(found),
      ...others.map((other) => {
        const shared = other.preference !== "ACCEPT_MANUAL" || other.accepted.some((project) => vendors.has(project));
        return shared
          ? fail(other.name, "a second one lets the vendor connect")
          : pass(other.name, `offered to ${other.accepted.join(", ") || "nobody"}`);
      }),
    ];
  },
  sabotages: [
    {
      name: "the service attachment is gone",
      apply({ googleNetwork }) {
        googleNetwork.attachments = [];
      },
    },
    {
      name: "every project is let in unasked",
      apply({ googleNetwork }) {
        for (const attachment of googleNetwork.attachments) attachment.preference = "ACCEPT_AUTOMATIC";
      },
    },
    {
      name: "its balancer faces the internet",
      apply({ googleNetwork }) {
        for (const attachment of googleNetwork.attachments) attachment.schemes = ["EXTERNAL_MANAGED"];
      },
    },
    {
      name: "the vendor's endpoint is not connected",
      apply({ googleNetwork }) {
        for (const { connections } of googleNetwork.attachments) for (const one of connections) one.state = "PENDING";
      },
    },
    {
      name: "a stranger's endpoint is connected too",
      apply({ googleNetwork }) {
        const endpoint = "projects/stranger/regions/europe-west4/forwardingRules/api";
        googleNetwork.attachments[0]?.connections.push({ endpoint, state: "ACCEPTED" });
      },
    },
    {
      name: "a second attachment lets the vendor connect",
      apply({ googleNetwork }) {
        const [first] = googleNetwork.attachments;
        if (!first) return false;
        googleNetwork.attachments.push({ ...first, name: `${first.name}-2`, accepted: [...first.accepted] });
        return undefined;
      },
    },
  ],
});

function judgeAttachment({ name, preference, accepted, schemes, connections }: GoogleAttachmentFact): Finding[] {
  const connected = connections.filter(({ state }) => state === "ACCEPTED");
  const judged = (ok: boolean, good: string, bad: string): Finding => (ok ? pass(name, good) : fail(name, bad));
  const inside = schemes.length > 0 && schemes.every((scheme) => scheme.startsWith("INTERNAL"));
  return [
    judged(preference === "ACCEPT_MANUAL", "each project must be on the list", `preference ${preference}`),
    judged(inside, `behind it ${schemes.join(", ")}`, `behind it ${schemes.join(", ") || "nothing that was read"}`),
    judged(accepted.length > 0, `offered to ${accepted.join(", ")}`, "offered to nobody"),
    judged(connected.length > 0, `${connected.length} connected`, "no endpoint of the vendor's is connected"),
    ...connected
      .filter(({ endpoint }) => !accepted.includes(endpoint.split("/")[1] ?? ""))
      .map(({ endpoint }) => fail(name, `${endpoint} is connected, which is of nobody on the list`)),
  ];
}
