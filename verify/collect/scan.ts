/** Tells what a value looks like without keeping it. */
import type { KubernetesObject, V1ConfigMap, V1Secret } from "@kubernetes/client-node";
import type { ScannedObject } from "../facts.ts";
import { looksLike } from "../reason/credentials.ts";

export function scanSecret(object: KubernetesObject): ScannedObject {
  const secret = object as V1Secret;
  const values = Object.entries(secret.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("latin1")] as const,
  );
  return scan("Secret", object, values);
}

export function scanConfigMap(object: KubernetesObject): ScannedObject {
  const { data = {}, binaryData = {} } = object as V1ConfigMap;
  const opened = Object.entries(binaryData).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("latin1")] as const,
  );
  return scan("ConfigMap", object, [...Object.entries(data), ...opened]);
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
