/**
 * What a pod that asks for secrets becomes. Values never stand in its specification, which many may read: they go into one
 * Secret beside it, made for its action alone and gone with it, and the kubelet takes them from there.
 */
import { createHash } from "node:crypto";
import type { V1Container, V1OwnerReference, V1Pod, V1Secret } from "@kubernetes/client-node";
import type { SecretBackend, SecretRecord } from "./backend.ts";
import { placesOf, type SecretRef } from "./secret.ts";
import { givenAnnotation, secretsFolder, type Wish, wishesAnnotation, wishesSchema } from "./wishes.ts";

/** Whose secrets a namespace's pods may have. */
export interface Scope {
  project: string;
  domain: string;
}

export interface PatchOperation {
  op: "add";
  path: string;
  value: unknown;
}

export interface Gift {
  /** To be made before the pod is let in. */
  secret: V1Secret;
  /** JSON Patch (RFC 6902) of the pod. */
  patch: PatchOperation[];
}

/** The pod cannot have what it asks for, whoever tries again: its author must change something. */
export class WishError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WishError";
  }
}

const volume = "task-secrets";

interface Found {
  record: SecretRecord;
  value: Uint8Array;
}

/** @throws WishError, and BackendError where the values cannot be had now. */
export async function give(pod: V1Pod, namespace: string, scope: Scope, backend: SecretBackend): Promise<Gift> {
  const wishes = wishesOf(pod);
  const owner = ownerOf(pod);
  const found = new Map<string, Found>();
  for (const { name } of wishes) if (!found.has(name)) found.set(name, await find(name, scope, backend));
  for (const wish of wishes) {
    const value = found.get(wish.name)?.value;
    if (wish.as === "env" && value && !isText(value)) {
      throw new WishError(
        `secret "${wish.name}" holds bytes that are no text and cannot be variable ${wish.variable}. ` +
          `Ask for it as a file: flyte.Secret(key="${wish.name}", mount=pathlib.Path("${secretsFolder}")).`,
      );
    }
  }
  const data = [...found].map(([name, { value }]) => [name, Buffer.from(value).toString("base64")]);
  const name = nameOf(owner, [...found.values()]);
  const secret: V1Secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/managed-by": "biplane-secrets", "app.kubernetes.io/part-of": "biplane" },
      ownerReferences: [owner],
    },
    immutable: true,
    type: "Opaque",
    data: Object.fromEntries(data),
  };
  return { secret, patch: patchOf(pod, wishes, name) };
}

function wishesOf({ metadata }: V1Pod): Wish[] {
  try {
    return wishesSchema.parse(JSON.parse(metadata?.annotations?.[wishesAnnotation] ?? ""));
  } catch {
    throw new WishError(`annotation ${wishesAnnotation} is not a list of secrets as the executor writes it.`);
  }
}

/** Deleting the action deletes what its pods were given; attempts of one action share it. */
function ownerOf({ metadata }: V1Pod): V1OwnerReference {
  const owner = metadata?.ownerReferences?.find(
    ({ kind, apiVersion }) => kind === "TaskAction" && /^flyte\.org\//.test(apiVersion),
  );
  if (!owner) throw new WishError("only pods of a task's action are given secrets; this one belongs to none.");
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, name, uid };
}

/** The nearest place decides, even where its value is gone: another's would be a surprise. */
async function find(name: string, scope: Scope, backend: SecretBackend): Promise<Found> {
  // A value that was replaced between the two questions is asked for again.
  for (let tries = 0; tries < 3; tries++) {
    const record = await firstOf(placesOf(scope.project, scope.domain, name), backend);
    if (!record) {
      const { project, domain } = scope;
      throw new WishError(
        `the task asks for secret "${name}", which neither project ${project} in domain ${domain}, nor project ${project}, ` +
          `nor domain ${domain}, nor the organisation has; secrets of other projects cannot be used. ` +
          `Create it with \`flyte create secret ${name} --project ${project} --domain ${domain}\`.`,
      );
    }
    const value = await backend.read(record);
    if (value) return { record, value };
  }
  throw new WishError(`secret "${name}" is listed and has no value. Delete it and create it again.`);
}

async function firstOf(places: SecretRef[], backend: SecretBackend): Promise<SecretRecord | undefined> {
  for (const place of places) {
    const record = await backend.find(place);
    if (record) return record;
  }
  return undefined;
}

/** From versions and not from values: a name is for all to read, and whoever knows it must not be able to try values. */
function nameOf({ uid }: V1OwnerReference, found: Found[]): string {
  const versions = found.map(({ record: { project, domain, name, version } }) => [project, domain, name, version]);
  const digest = createHash("sha256")
    .update(JSON.stringify([uid, versions.sort()]))
    .digest("hex");
  return `${volume}-${digest.slice(0, 32)}`;
}

function isText(value: Uint8Array): boolean {
  return Buffer.from(value).toString("utf8").includes("\0")
    ? false
    : Buffer.from(Buffer.from(value).toString("utf8")).equals(value);
}

/** Every container of the pod, as their author wrote them all; a variable of the same name is replaced. */
function patchOf(pod: V1Pod, wishes: Wish[], secretName: string): PatchOperation[] {
  const variables = wishes.flatMap((wish) =>
    wish.as === "env"
      ? [{ name: wish.variable, valueFrom: { secretKeyRef: { name: secretName, key: wish.name } } }]
      : [],
  );
  const files = [...new Set(wishes.filter(({ as }) => as === "file").map(({ name }) => name))];
  const taken = new Set(variables.map(({ name }) => name));
  const filled = ({ env = [], volumeMounts = [] }: V1Container) => ({
    env: [...env.filter(({ name }) => !taken.has(name)), ...variables],
    volumeMounts: [
      ...volumeMounts,
      ...(files.length > 0 ? [{ name: volume, mountPath: secretsFolder, readOnly: true }] : []),
    ],
  });
  const containers = (["containers", "initContainers"] as const).flatMap((kind) =>
    (pod.spec?.[kind] ?? []).flatMap((container, index) =>
      Object.entries(filled(container)).map(([field, value]) => add(`/spec/${kind}/${index}/${field}`, value)),
    ),
  );
  const items = files.map((key) => ({ key, path: key }));
  const volumes = [...(pod.spec?.volumes ?? []), { name: volume, secret: { secretName, items, defaultMode: 0o440 } }];
  return [
    add("/metadata/annotations", { ...pod.metadata?.annotations, [givenAnnotation]: secretName }),
    ...containers,
    ...(files.length > 0 ? [add("/spec/volumes", volumes)] : []),
  ];
}

function add(path: string, value: unknown): PatchOperation {
  return { op: "add", path, value };
}
