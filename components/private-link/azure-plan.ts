/** What a private link to an AKS cluster's API is told, checked before anything is made. */
import { refusal } from "../../shared/errors.ts";

/** The part of a cluster that a private endpoint can lead to: its API. Source: AKS, "Private clusters". */
export const apiResource = "management";

/** @throws UserError unless it is one AKS cluster's ARM id */
export function checkClusterId(id: string): string {
  const form =
    /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\w.()-]+\/providers\/Microsoft\.ContainerService\/managedClusters\/[\w-]+$/i;
  if (form.test(id)) return id;
  throw refusal({
    subject: "biplane:clusterId",
    value: id,
    allowed:
      "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerService/managedClusters/<cluster>, as the customer's base answers it",
  });
}

/** @throws UserError unless each is the name of a connection, each once */
export function checkConnections(names: string[]): string[] {
  const wrong = names.filter((name, at) => !/^[\w.-]{1,80}$/.test(name) || names.indexOf(name) !== at);
  if (wrong.length === 0) return names;
  throw refusal({
    subject: "biplane:privateLink.approved",
    value: wrong,
    allowed: "names of connections, each once, as `az network private-endpoint-connection list` tells them",
  });
}
