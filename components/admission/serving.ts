/**
 * The fence of what serves apps. Its programs watch the whole cluster and write Deployments, Services and endpoints, which
 * RBAC could only allow everywhere; here is where: in the projects' namespaces, and in their own.
 */
import { controllerAccount, gatewayNamespace, servingNamespace } from "../serving/contract.ts";
import { webhookConfigurations } from "../serving/rights.ts";
import { join, list, text, words } from "./cel.ts";
import type { Place } from "./place.ts";
import type { Policy } from "./policy.ts";

const accounts = `system:serviceaccount:${servingNamespace}:`;

/** As the API server knows who makes an app's Deployments and Services. */
export const servingController = `${accounts}${controllerAccount}`;

export function planServing({ projectNamespaces }: Pick<Place, "projectNamespaces">): Policy {
  const own = [servingNamespace, gatewayNamespace];
  const webhooks = list(Object.values(webhookConfigurations));
  return {
    name: "serving",
    claims: ["apps-serving-in-cluster", "k8s-platform-accounts-scoped"],
    guards: [{ group: "*", resources: ["*/*"], operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"] }],
    conditions: [{ name: "by-serving", expression: `request.userInfo.username.startsWith(${text(accounts)})` }],
    variables: [
      {
        name: "kind",
        expression: `request.resource.group + "/" + request.resource.resource`,
      },
      { name: "where", expression: `request.?namespace.orValue("")` },
    ],
    validations: [
      {
        expression:
          `variables.where in ${list([...projectNamespaces, ...own])} || (variables.where == "" && ` +
          `((request.resource.group == "admissionregistration.k8s.io" && request.name in ${webhooks}) || ` +
          `(variables.kind == "/namespaces" && request.name == ${text(servingNamespace)})))`,
        told: join(
          `request.operation + " of " + variables.kind + " " + request.name + " in " + variables.where`,
          text(` is not serving's; allowed: the projects' namespaces, and ${words(own)}.`),
        ),
      },
      {
        expression: `variables.where in ${list(own)} || request.operation != "CONNECT"`,
        told: join(`"a session in " + variables.where + "/" + request.name`, text(" is not serving's; allowed: none.")),
      },
    ],
  };
}
