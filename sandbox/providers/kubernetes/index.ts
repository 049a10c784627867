/** Package kubernetes: every kind by server-side apply; what single kinds need is in kinds.ts and ready.ts. */
import { UserError } from "../../../shared/errors.ts";
import { autoName } from "../machine/names.ts";
import type { Package, ResourceType } from "../machine/resource.ts";
import { isAbsent, isProperties, type Properties, sameValue } from "../machine/values.ts";
import { awaitGone, awaitReady } from "./await.ts";
import { type Cluster, type KubernetesObject, openCluster } from "./client.ts";
import { type Discovery, discovery } from "./discovery.ts";
import { annotation, immutableFields, kindOf, metadataOf, secretFields } from "./kinds.ts";
import { section } from "./ready.ts";

const fieldManager = "biplane";
const autonamed = "pulumi.com/autonamed";

interface Connection {
  cluster: Cluster;
  discovery: Discovery;
}

/** @param environment for the credential command of the kubeconfig: PATH, and which AWS profile it uses */
export function kubernetesPackage(environment: Record<string, string>): Package {
  let kubeconfig: string | undefined;
  let mutable: string[] = [];
  let opened: Promise<Connection> | undefined;
  const connect = () => {
    if (!kubeconfig) throw new UserError("The kubernetes provider has no kubeconfig: give it one in its arguments.");
    const content = kubeconfig;
    opened ??= openCluster(content, environment).then((cluster) => ({ cluster, discovery: discovery(cluster) }));
    return opened;
  };
  return {
    name: "kubernetes",
    version: "4.34.2",
    table: "sandbox/providers/kubernetes/",
    async configure(args) {
      const given = typeof args.kubeconfig === "string" ? args.kubeconfig : undefined;
      if (given !== kubeconfig) opened = undefined;
      kubeconfig = given;
      const isSet = (name: string) => String(args[name]) === "true";
      mutable = [
        ...(isSet("enableConfigMapMutable") ? ["v1 ConfigMap"] : []),
        ...(isSet("enableSecretMutable") ? ["v1 Secret"] : []),
      ];
    },
    typeOf(token) {
      const [, apiVersion, kind] = /^kubernetes:([^:]+):(\w+)$/.exec(token) ?? [];
      // Charts, kustomizations and patches are no objects of the API.
      if (
        !apiVersion ||
        !kind ||
        !/\/v\d/.test(apiVersion) ||
        /^helm\.sh\/|(?:Patch|List)$/.test(`${apiVersion} ${kind}`)
      ) {
        return undefined;
      }
      return objectType(apiVersion.replace(/^core\//, ""), kind, connect, () => mutable);
    },
    invokes: {},
  };
}

function objectType(
  apiVersion: string,
  kind: string,
  connect: () => Promise<Connection>,
  mutable: () => string[],
): ResourceType {
  const apply: ResourceType["create"] = async (inputs, { signal }) => {
    const { cluster, discovery } = await connect();
    const place = await discovery.locate(inputs, signal);
    const query = { fieldManager, force: "true", fieldValidation: "Strict" };
    const contentType = "application/apply-patch+yaml";
    const applied = await cluster.request("PATCH", place.path, { query, contentType, body: inputs, signal });
    if (!applied) throw new Error(`namespace ${place.namespace} does not exist`);
    await awaitReady(cluster, place, applied, signal);
    return place.id;
  };
  const locate = async (id: string, signal: AbortSignal) => {
    const connection = await connect();
    const [name, namespace] = id.split("/").reverse();
    const object = { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } };
    return { ...connection, place: await connection.discovery.locate(object, signal) };
  };
  return {
    ownsMaps: false,
    replaceOnOf: (olds) => immutableFields(olds, mutable()),
    secretsOf: secretFields,
    sameIdentity: (olds, news) =>
      sameValue(metadataOf(olds).name, metadataOf(news).name) &&
      sameValue(metadataOf(olds).namespace, metadataOf(news).namespace) &&
      sameValue(olds.kind, news.kind),
    check: (inputs, logicalName, seed, olds) => named({ apiVersion, kind, ...inputs }, logicalName, seed, olds),
    create: apply,
    async update(_id, inputs, call) {
      await apply(inputs, call);
    },
    async read(id, { signal }, last) {
      const { cluster, place } = await locate(id, signal);
      const live = await cluster.request("GET", place.path, { signal });
      return live && { inputs: asInputs(live), outputs: asOutputs(live, last) };
    },
    async delete(id, { signal }) {
      const { cluster, place } = await locate(id, signal);
      const live = await cluster.request("GET", place.path, { signal });
      if (!live) return;
      const propagationPolicy = propagationOf(live);
      const body = { propagationPolicy, preconditions: { uid: section(live.metadata).uid } };
      await cluster.request("DELETE", place.path, { body, signal });
      await awaitGone(cluster, place.path, live, signal);
    },
  };
}

/** As the real provider: pods are gone before the Deployment is, unless the object says otherwise. */
function propagationOf(live: KubernetesObject): string {
  const said = annotation(live, "pulumi.com/deletionPropagationPolicy")?.toLowerCase() ?? "";
  return { background: "Background", orphan: "Orphan" }[said] ?? "Foreground";
}

/** As the real provider: eight digits, and a mark by which the name is known to be free to change. */
function named(object: Properties, logicalName: string, seed: Uint8Array, olds: Properties): Properties {
  const metadata = object.metadata ?? {};
  if (!isProperties(metadata) || !isAbsent(metadata.name) || !isAbsent(metadata.generateName)) return object;
  const old = annotation(olds, autonamed) === "true" ? metadataOf(olds).name : undefined;
  const name = old ?? autoName(logicalName, seed, { digits: 8, max: 63 });
  const annotations = isProperties(metadata.annotations) ? metadata.annotations : {};
  return { ...object, metadata: { ...metadata, name, annotations: { ...annotations, [autonamed]: "true" } } };
}

/** What a person would have written to get the object, for an import. */
function asInputs(live: KubernetesObject): Properties {
  const { status: _, metadata, ...rest } = live;
  const { name, namespace, labels, annotations } = section(metadata);
  return { ...rest, metadata: withoutAbsent({ name, namespace, labels, annotations }) };
}

function asOutputs(live: KubernetesObject, last: Properties): Properties {
  const { managedFields: _, ...metadata } = section(live.metadata);
  const outputs: Properties = { ...live, metadata };
  if (kindOf(live) !== "v1 Secret" || !isProperties(last.stringData)) return outputs;
  // stringData is write-only: its live value is what data holds.
  const data = section(live.data);
  const stringData = Object.keys(last.stringData).flatMap((key) => {
    const value = data[key];
    return typeof value === "string" ? [[key, Buffer.from(value, "base64").toString()] as const] : [];
  });
  return { ...outputs, stringData: Object.fromEntries(stringData) };
}

function withoutAbsent(values: Properties): Properties {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
