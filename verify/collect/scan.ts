/** Tells what a value looks like without keeping it. */
import type { KubernetesObject, V1ConfigMap, V1Secret } from "@kubernetes/client-node";
import type { ScannedObject } from "../facts.ts";

const patterns: [name: string, pattern: RegExp][] = [
  ["an AWS access key id", /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["an AWS secret access key", /aws_secret_access_key\s*[=:]\s*\S{20}/i],
  ["a Google service account key", /"type"\s*:\s*"service_account"/],
  ["an Azure storage key", /AccountKey=[A-Za-z0-9+/=]{40}/],
];

export function scanSecret(object: KubernetesObject): ScannedObject {
  const secret = object as V1Secret;
  const values = Object.entries(secret.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("latin1")] as const,
  );
  return scan("Secret", object, values);
}

export function scanConfigMap(object: KubernetesObject): ScannedObject {
  return scan("ConfigMap", object, Object.entries((object as V1ConfigMap).data ?? {}));
}

function scan(
  kind: "Secret" | "ConfigMap",
  object: KubernetesObject,
  values: (readonly [string, string])[],
): ScannedObject {
  return {
    kind,
    namespace: object.metadata?.namespace ?? "",
    name: object.metadata?.name ?? "",
    keys: values.map(([key]) => key),
    suspicious: values.flatMap(([key, value]) => looksLike(value).map((name) => ({ key, looksLike: name }))),
  };
}

/** @returns kinds of cloud credential. Also one level of base64, in which keys are often wrapped once more. */
export function looksLike(value: string): string[] {
  const inner = /^[A-Za-z0-9+/=\s]{24,}$/.test(value) ? Buffer.from(value, "base64").toString("latin1") : "";
  return patterns.filter(([, pattern]) => pattern.test(value) || pattern.test(inner)).map(([name]) => name);
}
