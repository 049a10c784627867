/** Two pods that know each other's addresses, and what tests ask about them. */
import { mayConnect, networkQuery, readNetwork } from "../network/reach.ts";
import { manifestsOf } from "./manifests.ts";

export const pod = (name: string, labels: object = {}, more: { spec?: object; status?: object } = {}) => {
  const [namespace, own] = name.split("/");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: own, namespace, labels },
    spec: { containers: [{ name: "c" }], ...more.spec },
    ...(more.status ? { status: more.status } : {}),
  };
};
export const at = (podIP: string, more: object = {}) => ({ status: { podIP, ...more } });
export const namespace = (name: string, labels: object) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});
export const policy = (name: string, spec: object | null) => {
  const [home, own] = name.split("/");
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: own, namespace: home }, spec };
};
/** Isolates every pod of b for ingress but for what is given. */
export const lets = (...ingress: object[]) => policy("b/p", { podSelector: {}, ingress });
export const from = (...peers: object[]) => lets({ from: peers });

export const everybody = [
  pod("a/client", { app: "client" }, at("10.0.0.1")),
  pod("b/server", { app: "server", "k8s.io/a": "b", "any.b": "c" }, at("10.0.0.2")),
];
export const ask = (objects: object[], query: object = {}) =>
  mayConnect(
    readNetwork(manifestsOf(objects)),
    networkQuery.parse({ from: "a/client", to: "b/server", port: 80, ...query }),
  );
export const allowed = (objects: object[], query: object = {}) => ask([...everybody, ...objects], query).allowed;
