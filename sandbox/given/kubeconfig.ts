/** A kubeconfig that a person gave. It is read where it lies and never copied: what is in it stays its owner's. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { refusal } from "../../shared/errors.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import type { Plane } from "../hosts.ts";

export interface GivenKubeconfig {
  plane: Plane;
  /** Absolute path. */
  file: string;
  context: string;
  /** https, as the kubeconfig names it; it may have a path. */
  server: string;
  config: KubeConfig;
}

/** The option by which it was given, which every refusal names. */
export function optionOf(plane: Plane): string {
  return `--kubeconfig-${plane}`;
}

/** @throws UserError unless its current context leads to a cluster by https. Never quotes the file: it holds secrets. */
export function loadKubeconfig(plane: Plane, path: string): GivenKubeconfig {
  const file = resolve(path);
  const option = optionOf(plane);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw refusal({ subject: option, value: path, allowed: "a kubeconfig file that exists" });
  const config = parse(option, file);
  const context = config.getCurrentContext();
  const names = config.getContexts().map(({ name }) => name);
  if (!context || !names.includes(context)) {
    throw refusal({
      subject: `${option} ${file}: current-context`,
      value: context || undefined,
      allowed: names.length > 0 ? `one of its contexts (${names.join(", ")})` : "a context, and the file has none",
      todo: `Choose one by: kubectl config use-context NAME --kubeconfig ${file}.`,
    });
  }
  const cluster = config.getCurrentCluster();
  const subject = `${option} ${file}: context ${context}`;
  if (!cluster) throw refusal({ subject, value: "no cluster", allowed: "a context whose cluster is in the file" });
  if (!config.getCurrentUser()) throw refusal({ subject, value: "no user", allowed: "a context whose user is in it" });
  if (!URL.canParse(cluster.server) || new URL(cluster.server).protocol !== "https:")
    throw refusal({ subject: `${subject}: server`, value: cluster.server, allowed: "an https URL" });
  return { plane, file, context, server: cluster.server, config };
}

function parse(option: string, file: string): KubeConfig {
  const config = keptKubeConfig();
  try {
    readFileSync(file);
    config.loadFromFile(file);
  } catch {
    // The parser's message quotes the file.
    throw noKubeconfig(option, file);
  }
  if (config.getClusters().length === 0 && config.getContexts().length === 0) throw noKubeconfig(option, file);
  return config;
}

function noKubeconfig(option: string, file: string): Error {
  return refusal({
    subject: option,
    value: file,
    allowed: "a kubeconfig (YAML or JSON with clusters, users and contexts)",
    todo: `See what kubectl says: kubectl config view --kubeconfig ${file}.`,
  });
}
