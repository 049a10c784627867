/** What others may know of a cluster: facts for the cloud's EKS, and the documents that verify its tokens. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { VersionApi } from "@kubernetes/client-node";
import { names } from "../hosts.ts";
import { apiServerPort } from "../network/ingress-rules.ts";
import { readDocument } from "./api-server.ts";
import type { Credentials } from "./credentials.ts";
import type { NodeLayout } from "./layout.ts";

/** Content of facts.json. */
export interface NodeFacts {
  endpoint: string;
  /** Base64 of PEM, as EKS answers it. */
  certificateAuthorityData: string;
  issuer: string;
  /** @example "v1.34.4" */
  version: string;
}

export function factsFile(node: NodeLayout): string {
  return node.file("facts.json");
}

/** By its name, as EKS answers it. */
export function publishedEndpoint({ plane }: NodeLayout, port = apiServerPort): string {
  return `https://${names.api(plane)}:${port}`;
}

/** The facts come last: where they are, the cluster is whole. */
export async function publish(node: NodeLayout, kubeconfig: KubeConfig, credentials: Credentials): Promise<void> {
  mkdirSync(node.oidcFolder, { recursive: true });
  replaceFile(
    join(node.oidcFolder, "openid-configuration.json"),
    await readDocument(kubeconfig, "/.well-known/openid-configuration"),
  );
  replaceFile(join(node.oidcFolder, "jwks.json"), await readDocument(kubeconfig, "/openid/v1/jwks"));
  const { gitVersion } = await kubeconfig.makeApiClient(VersionApi).getCode();
  const facts: NodeFacts = {
    endpoint: publishedEndpoint(node),
    certificateAuthorityData: readFileSync(credentials.trust).toString("base64"),
    issuer: node.issuer,
    version: gitVersion,
  };
  writeFacts(node, facts);
}

export function writeFacts(node: NodeLayout, facts: NodeFacts): void {
  mkdirSync(node.folder, { recursive: true, mode: 0o700 });
  replaceFile(factsFile(node), `${JSON.stringify(facts, null, 2)}\n`);
}

function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
