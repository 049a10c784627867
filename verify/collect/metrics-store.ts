/**
 * What a metrics store is told on its command line and in its own files, and what its disk is made by. A recording holds no
 * command lines, so what they name is followed here; nothing is judged.
 */
import type {
  KubernetesObject,
  V1ConfigMap,
  V1Container,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StatefulSet,
  V1StorageClass,
  V1Volume,
} from "@kubernetes/client-node";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { MetricsServer, MetricsStoreFact } from "../facts.ts";
import { redactValue } from "../reason/credentials.ts";

interface StoreObjects {
  statefulSets: V1StatefulSet[];
  /** Of type V1ConfigMap. */
  configMaps: KubernetesObject[];
  volumeClaims: V1PersistentVolumeClaim[];
  volumes: V1PersistentVolume[];
  storageClasses: V1StorageClass[];
}

/** All else that Prometheus may be told is named in `unread`: it may send somewhere, too. */
const configSchema = z.looseObject({
  global: z.unknown().optional(),
  scrape_configs: z.array(z.looseObject({ job_name: z.string(), scheme: z.string().default("http") })).default([]),
  remote_write: z.array(z.looseObject({ url: z.string() })).default([]),
});
const webSchema = z.looseObject({
  tls_server_config: z.looseObject({ client_auth_type: z.string().default("NoClientCert") }).optional(),
});
const read = new Set(Object.keys(configSchema.shape));

/** @param namespace the store's own: of others' objects nothing is kept but what its disk leads to */
export function metricsStoreOf(objects: StoreObjects, namespace: string): MetricsStoreFact {
  const here = <T extends KubernetesObject>(all: T[]) =>
    all.filter(({ metadata }) => metadata?.namespace === namespace);
  const claims = here(objects.volumeClaims).map(({ metadata, spec, status }) => ({
    name: metadata?.name ?? "",
    phase: status?.phase ?? "unknown",
    ...(spec?.storageClassName ? { className: spec.storageClassName } : {}),
    ...(spec?.volumeName ? { volume: spec.volumeName } : {}),
  }));
  const volumes = objects.volumes
    .filter(({ metadata }) => claims.some(({ volume }) => volume === metadata?.name))
    .map((one) => ({
      name: one.metadata?.name ?? "",
      madeAt: madeAt(one),
      ...(one.spec?.storageClassName ? { className: one.spec.storageClassName } : {}),
      ...(one.spec?.csi ? { driver: one.spec.csi.driver, handle: one.spec.csi.volumeHandle } : {}),
    }));
  const classes = objects.storageClasses
    .filter(({ metadata }) => claims.some(({ className }) => className === metadata?.name))
    .map((one) => ({
      name: one.metadata?.name ?? "",
      madeAt: madeAt(one),
      provisioner: one.provisioner,
      parameters: one.parameters ?? {},
    }));
  const configMaps: V1ConfigMap[] = here(objects.configMaps);
  return { servers: here(objects.statefulSets).map((one) => serverOf(one, configMaps)), claims, volumes, classes };
}

function serverOf({ metadata, spec, status }: V1StatefulSet, configMaps: V1ConfigMap[]): MetricsServer {
  const pod = spec?.template.spec;
  const containers = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
  const [container] = pod?.containers ?? [];
  const at = (flag: string) => placeOf(container, pod?.volumes ?? [], flagOf(container, flag));
  const fileAt = (flag: string) => {
    const place = at(flag);
    const name = place?.volume.configMap?.name;
    return configMaps.find((one) => name !== undefined && one.metadata?.name === name)?.data?.[place?.rest ?? ""];
  };
  const config = parse(configSchema, fileAt("config.file"));
  const clientAuth = parse(webSchema, fileAt("web.config.file"))?.tls_server_config?.client_auth_type;
  const dataClaim = at("storage.tsdb.path")?.volume.persistentVolumeClaim?.claimName;
  return {
    name: metadata?.name ?? "",
    ready: status?.readyReplicas ?? 0,
    wanted: spec?.replicas ?? 1,
    containers: containers.map(({ name }) => name),
    ...(dataClaim ? { dataClaim } : {}),
    ...(clientAuth ? { clientAuth } : {}),
    ...(config ? { told: toldBy(config) } : {}),
  };
}

function toldBy(config: z.infer<typeof configSchema>): NonNullable<MetricsServer["told"]> {
  return {
    jobs: config.scrape_configs.map(({ job_name: name, scheme }) => ({ name, scheme })),
    // A key may stand in a question mark's wake.
    sendsTo: config.remote_write.map(({ url }) => redactValue(url.replace(/[?#].*$/s, ""))),
    unread: Object.keys(config).filter((name) => !read.has(name)),
  };
}

/** The last one holds, as Prometheus has it; both spellings. */
function flagOf(container: V1Container | undefined, flag: string): string | undefined {
  const words = [...(container?.command ?? []), ...(container?.args ?? [])];
  const at = words.findLastIndex((word) => word === `--${flag}` || word.startsWith(`--${flag}=`));
  const word = words[at];
  return word === `--${flag}` ? words[at + 1] : word?.slice(flag.length + 3);
}

/** The volume that a path lies on, and what is left of the path there. */
function placeOf(container: V1Container | undefined, volumes: V1Volume[], path: string | undefined) {
  const mounts = (container?.volumeMounts ?? []).filter(
    ({ mountPath }) => path === mountPath || path?.startsWith(`${mountPath}/`),
  );
  const mount = mounts.toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];
  const volume = volumes.find(({ name }) => name === mount?.name);
  return mount && volume && { volume, rest: path?.slice(mount.mountPath.length + 1) ?? "" };
}

function madeAt({ metadata }: KubernetesObject): string {
  return metadata?.creationTimestamp ? new Date(metadata.creationTimestamp).toISOString() : "";
}

/** JSON is YAML, too: a configuration that somebody wrote by hand is read as well. */
function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : schema.safeParse(document.toJS()).data;
}
