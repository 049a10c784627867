import { defineAzureCheck } from "../check.ts";
import { sameId } from "../collect/azure/places.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { logService } from "../probes/log-service.ts";
import { logWorkspaceId } from "./azure-questions.ts";
import { accept, judgeHost } from "./tls-01-versions.ts";

/**
 * How AKS's agent sends is told by no API. But the workspace has one way in, which anybody can try: what takes nothing in clear
 * was sent nothing in clear.
 */
export const azureLogsByTls = defineAzureCheck({
  id: "TLS-44",
  title: "The cluster's agent ships pods' logs to the plane's workspace, which takes them by TLS 1.2 or later alone",
  severity: "high",
  probes: true,
  claims: ["comm-fluentbit-tls"],
  documented: [],
  fix: "Bring the customer's stack up again: its rule leads pods' logs to the workspace. What takes older TLS is Azure's to close.",
  needs: ["probedLogs", "azureLogs"],
  notApplicable: ({ logWorkspace }) => (logWorkspace ? undefined : "no logs are kept"),
  evaluate({ probedLogs, azureLogs }, target) {
    const workspace = logWorkspaceId({ azureLogs }, target);
    const rule = azureLogs.senders.find(
      ({ namespaces, destinations }) =>
        namespaces?.length !== 0 && destinations.some((to) => workspace !== undefined && sameId(to, workspace)),
    );
    const shipped: Finding = rule
      ? pass(rule.name, "leads pods' logs there")
      : fail(`workspace ${target.logWorkspace}`, "no rule leads pods' logs there");
    return [shipped, ...judgeHost(probedLogs, logService(target)?.host ?? "")];
  },
  sabotages: [
    {
      name: "the rule leads elsewhere",
      apply({ azureLogs }) {
        for (const sender of azureLogs.senders)
          sender.destinations = sender.destinations.map((to) => `${to}-elsewhere`);
      },
    },
    {
      name: "what the control plane says alone comes there",
      apply({ azureLogs }) {
        for (const sender of azureLogs.senders) sender.namespaces = [];
      },
    },
    { name: "the workspace takes TLS 1.0", apply: ({ probedLogs }) => accept(probedLogs.at(0), "TLSv1") },
    {
      name: "its port 80 answers",
      apply({ probedLogs }) {
        for (const probed of probedLogs) probed.plain = { outcome: "answered", told: "HTTP/1.1 403 Forbidden" };
      },
    },
    {
      name: "another workspace's host was asked",
      apply({ probedLogs }) {
        for (const probed of probedLogs) probed.host = `other.${probed.host}`;
      },
    },
  ],
});
