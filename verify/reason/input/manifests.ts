/**
 * Kubernetes objects from a folder: every .yaml, .yml and .json below it, in the order of their names; several documents
 * a file, lists unpacked. What cannot be read is refused: an object that is overlooked would make a wrong answer.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments, type Tags } from "yaml";
import { z } from "zod";
import { messageOf, refusal, type UserError } from "../../../shared/errors.ts";
import { parseJson } from "./json-file.ts";
import { maybe, parseOrRefuse, quoted, stringMap } from "./parsed.ts";

const word = maybe(z.string(quoted));

const objectSchema = z.looseObject({
  apiVersion: z.string("the group and version of a Kubernetes object, such as v1").min(1),
  kind: z.string("the kind of a Kubernetes object, such as Pod").min(1),
  metadata: maybe(
    z.object({
      name: word,
      generateName: word,
      namespace: word,
      labels: stringMap,
      annotations: stringMap,
    }),
  ),
});

export interface Manifest {
  /** File and place in it, for messages. */
  source: string;
  /** Empty for the core group. */
  group: string;
  kind: string;
  name: string;
  /** As written; see `namespaceOf`. */
  namespace: string | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The whole object. */
  object: Readonly<Record<string, unknown>>;
}

/** Of a namespaced object: kubectl puts what names none into `default`. */
export function namespaceOf({ namespace }: Manifest): string {
  return namespace || "default";
}

/** @throws UserError for a path without manifests, text that is no YAML, and two objects of one name that differ */
export function readManifests(path: string): Manifest[] {
  return withoutRepeats(
    filesOf(path).flatMap((file) => documentsOf(file).flatMap(({ source, value }) => unpack(value, source))),
  );
}

/** The objects of one document that is read already. */
export function manifestsFrom(value: unknown, source: string): Manifest[] {
  return withoutRepeats(unpack(value, source));
}

function filesOf(path: string): string[] {
  const files = listing(path)
    .filter((file) => /\.(ya?ml|json)$/i.test(file))
    .sort();
  if (files.length > 0) return files;
  throw refusal({
    subject: "manifests",
    value: path,
    allowed: "a folder, or a file, of Kubernetes objects in .yaml, .yml or .json",
    todo: "Write them there, for instance by kubectl get -o yaml.",
  });
}

function listing(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    throw refusal({ subject: "manifests", value: path, allowed: `a folder that can be read (${messageOf(error)})` });
  }
}

interface Document {
  source: string;
  value: unknown;
}

function documentsOf(file: string): Document[] {
  const text = textOf(file);
  const json = /^\s*[[{]/.test(text) ? parsedJson(text) : undefined;
  if (json !== undefined) return [{ source: file, value: json }];
  return parseAllDocuments(text, { version: "1.1", customTags: asKubernetesReads }).map((document, index) => {
    const [error] = document.errors;
    if (error) throw noYaml(file, error);
    try {
      const value: unknown = document.toJS();
      // What holds itself is no JSON, and so nothing to Kubernetes.
      JSON.stringify(value);
      return { source: `${file}#${index + 1}`, value };
    } catch (broken) {
      // Of an anchor that is not there, or of too many.
      throw noYaml(file, broken);
    }
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refusal({ subject: "manifests", value: file, allowed: `a file that can be read (${messageOf(error)})` });
  }
}

function noYaml(file: string, error: unknown): UserError {
  return refusal({ subject: file, value: messageOf(error).split("\n")[0], allowed: "YAML or JSON" });
}

/** Much faster than as YAML; what is not JSON may still be that, which refuses a key that stands twice. */
function parsedJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** YAML 1.1 as kubectl reads it: `yes` is true; but times stay text, and 1:30 is no number. */
function asKubernetesReads(tags: Tags): Tags {
  return tags.filter(
    (tag) => typeof tag === "string" || !(("format" in tag && tag.format === "TIME") || tag.tag.endsWith(":timestamp")),
  );
}

function unpack(value: unknown, source: string): Manifest[] {
  if (value === null || value === undefined) return [];
  const { apiVersion, kind, metadata, ...rest } = parseOrRefuse(objectSchema, value, source);
  const items = rest.items;
  if (kind.endsWith("List") && Array.isArray(items)) {
    const one = { apiVersion, kind: kind.slice(0, -"List".length) };
    return items.flatMap((item: unknown, index) =>
      unpack(kind !== "List" && isObject(item) ? { ...one, ...item } : item, `${source}.items[${index}]`),
    );
  }
  return [
    {
      source,
      group: apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "",
      kind,
      name: metadata?.name ?? metadata?.generateName ?? "",
      namespace: metadata?.namespace,
      labels: metadata?.labels ?? {},
      annotations: metadata?.annotations ?? {},
      object: { apiVersion, kind, metadata, ...rest },
    },
  ];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutRepeats(manifests: readonly Manifest[]): Manifest[] {
  const known = new Map<string, Manifest>();
  return manifests.filter((manifest) => {
    const { group, kind, name, source } = manifest;
    if (generated(manifest)) return true;
    const key = JSON.stringify([group, kind, ofCluster.has(`${group}/${kind}`) ? "" : namespaceOf(manifest), name]);
    const first = known.get(key);
    if (!first) known.set(key, manifest);
    else if (!isDeepStrictEqual(withoutNamespace(first), withoutNamespace(manifest))) {
      throw refusal({
        subject: `${source}: ${kind}`,
        value: name,
        allowed: `one object of that name, and ${first.source} has another`,
        todo: "Leave one of the two.",
      });
    }
    return first === undefined;
  });
}

/** Kinds that have no namespace, whatever is written there. */
const ofCluster = new Set([
  ...["/Namespace", "/Node"],
  ...["ClusterRole", "ClusterRoleBinding"].map((kind) => `rbac.authorization.k8s.io/${kind}`),
]);

/** Which may be said or left out. */
function withoutNamespace({ object }: Manifest): unknown {
  return { ...object, metadata: isObject(object.metadata) ? { ...object.metadata, namespace: undefined } : {} };
}

/** Each gets a name of its own when it is made. */
function generated({ object }: Manifest): boolean {
  return isObject(object.metadata) && !object.metadata.name;
}
