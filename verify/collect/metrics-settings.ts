/** What a metrics store is told to look at, where it passes on what it sees, and whom it answers. */
import type { KubernetesObject, V1ConfigMap } from "@kubernetes/client-node";
import { parseDocument } from "yaml";
import { z } from "zod";
import { configFile, webFile } from "../../components/metrics-store/settings.ts";
import type { MetricsSettings } from "../facts.ts";
import { redactValue } from "../reason/credentials.ts";

const configSchema = z.looseObject({
  scrape_configs: z.array(z.looseObject({ job_name: z.string(), scheme: z.string().default("http") })).default([]),
  remote_write: z.array(z.looseObject({ url: z.string() })).default([]),
});
const webSchema = z.looseObject({
  tls_server_config: z.looseObject({ client_auth_type: z.string().default("NoClientCert") }).optional(),
});

/** @param namespace the store's own: what is read of others' ConfigMaps is thrown away */
export function metricsSettingsOf(configMaps: readonly KubernetesObject[], namespace: string): MetricsSettings[] {
  return configMaps
    .filter(({ metadata }) => metadata?.namespace === namespace)
    .flatMap((object) => {
      const { data = {} } = object as V1ConfigMap;
      const config = parse(configSchema, data[configFile]);
      if (!config) return [];
      const clientAuth = parse(webSchema, data[webFile])?.tls_server_config?.client_auth_type;
      return {
        configMap: object.metadata?.name ?? "",
        jobs: config.scrape_configs.map(({ job_name: name, scheme }) => ({ name, scheme })),
        sendsTo: config.remote_write.map(({ url }) => redactValue(url)),
        ...(clientAuth ? { clientAuth } : {}),
      };
    });
}

/** JSON is YAML, too: a configuration that somebody wrote by hand is read as well. */
function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : schema.safeParse(document.toJS()).data;
}
