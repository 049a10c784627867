/** Where a log shipper is told to send, out of its own configuration: Fluent Bit's two formats, and Telegraf's. */
import type { KubernetesObject, V1ConfigMap } from "@kubernetes/client-node";
import { parseDocument } from "yaml";
import { z } from "zod";
import type { ShipperOutput } from "../facts.ts";
import { redactValue } from "../reason/credentials.ts";

/** Nothing else is kept: a plugin's other settings may hold a key. */
const kept = /^(?:tls(?:[._].*)?|(?:sts_)?endpoint(?:_url)?|host|port|scheme|urls?|insecure_skip_verify|region)$/;

const pipelineSchema = z.looseObject({
  pipeline: z.looseObject({ outputs: z.array(z.record(z.string(), z.unknown())).default([]) }),
});

/** @param namespace the shipper's own: what is read of others' ConfigMaps is thrown away */
export function outputsOf(configMaps: readonly KubernetesObject[], namespace: string): ShipperOutput[] {
  return configMaps
    .filter(({ metadata }) => metadata?.namespace === namespace)
    .flatMap((object) =>
      Object.entries((object as V1ConfigMap).data ?? {}).flatMap(([file, text]) =>
        parseOutputs(text).map(([plugin, settings]) => ({
          from: `ConfigMap/${namespace}/${object.metadata?.name}/${file}`,
          plugin,
          settings: Object.fromEntries(
            Object.entries(settings)
              .filter(([name]) => kept.test(name))
              .map(([name, value]) => [name, redactValue(value)]),
          ),
        })),
      ),
    );
}

type Output = [plugin: string, settings: Record<string, string>];

function parseOutputs(text: string): Output[] {
  return [...classic(text), ...toml(text), ...yaml(text)];
}

/** `[OUTPUT]`, then one `Name value` a line. */
function classic(text: string): Output[] {
  return sections(text, /^\s*\[OUTPUT\]\s*$/i, /^\s*\[/, /^\s*([\w.]+)\s+(.+?)\s*$/).map(({ settings }) => {
    const { name = "", ...others } = settings;
    return [name, others];
  });
}

/** `[[outputs.name]]`, then one `name = value` a line. */
function toml(text: string): Output[] {
  return sections(text, /^\s*\[\[\s*outputs\.([\w-]+)\s*\]\]/, /^\s*\[\[/, /^\s*([\w.]+)\s*=\s*"?(.*?)"?\s*$/).map(
    ({ name, settings }) => [name, settings],
  );
}

function yaml(text: string): Output[] {
  if (!/^\s*pipeline:/m.test(text)) return [];
  const document = parseDocument(text);
  const found = document.errors.length > 0 ? undefined : pipelineSchema.safeParse(document.toJS());
  if (!found?.success) return [];
  return found.data.pipeline.outputs.map((output) => {
    const settings = Object.entries(output).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
    const { name = "", ...others } = Object.fromEntries(settings);
    return [name, others];
  });
}

function sections(text: string, begins: RegExp, ends: RegExp, setting: RegExp) {
  const found: { name: string; settings: Record<string, string> }[] = [];
  let open: (typeof found)[number] | undefined;
  for (const line of text.split("\n")) {
    const begun = begins.exec(line);
    if (begun) {
      open = { name: begun[1] ?? "", settings: {} };
      found.push(open);
    } else if (ends.test(line)) {
      open = undefined;
    } else if (open && !/^\s*#/.test(line)) {
      const [, name, value] = setting.exec(line) ?? [];
      if (name !== undefined && value !== undefined) open.settings[name.toLowerCase()] = value;
    }
  }
  return found;
}
