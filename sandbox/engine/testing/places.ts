/**
 * Whole stacks on the real engine without planes: several accounts in one emulator, and for each place a Kubernetes API
 * of its own without a node. What waits for pods elsewhere does not wait here; all else is as in the local run.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type ResourceTransform, runtime } from "@pulumi/pulumi";
import { type PostgresServer, startPostgresServer } from "../../../services/shared/testing/postgres-server.ts";
import program from "../../../stacks/index.ts";
import type { Sandbox } from "../../context.ts";
import { awsRegion } from "../../hosts.ts";
import { paths } from "../../paths.ts";
import { type Cloud, openCloud } from "../../providers/aws/cloud.ts";
import { awsPackage } from "../../providers/aws/index.ts";
import { cloudflarePackage } from "../../providers/cloudflare/index.ts";
import { serveAll } from "../../providers/index.ts";
import { kubernetesPackage } from "../../providers/kubernetes/index.ts";
import { startApiServer, type TestApiServer } from "../../providers/kubernetes/testing/api-server.ts";
import { randomPackage } from "../../providers/random/index.ts";
import { tlsPackage } from "../../providers/tls/index.ts";
import { asConfig } from "../../stacks.ts";
import type { StackRun } from "../index.ts";
import { connectionTo, startEmulator, toolchain } from "./emulated.ts";

const databasePassword = randomBytes(16).toString("hex");

/** An account in one region, with one cluster. */
export interface PlaceSpec {
  account: string;
  /** @default that of the local run */
  region?: string;
  /** Whether it gets a database server. @default no: an instance is refused */
  database?: boolean;
}

export interface Place {
  account: string;
  cloud: Cloud;
  api: TestApiServer;
  /** @param config keys without their namespace, nested values as they are */
  stack(name: string, config: Record<string, unknown>, more?: Partial<StackRun>): StackRun;
}

export interface Places<Name extends string> {
  sandbox: Sandbox;
  at: Record<Name, Place>;
  close(): Promise<void>;
}

export async function startPlaces<Name extends string>(specs: Record<Name, PlaceSpec>): Promise<Places<Name>> {
  const state = mkdtempSync(join(tmpdir(), "biplane-places-"));
  const tools = toolchain();
  const sandbox = { paths: paths({ ...process.env, BIPLANE_STATE: state }), tools, progress: () => {} };
  const names = Object.keys(specs) as Name[];
  const ids = [...new Set(names.map((name) => specs[name].account))];
  const emulator = await startEmulator(state, tools, ids);
  const opened = await Promise.all(
    names.map(async (name) => {
      const [api, postgres] = await Promise.all([
        startApiServer(),
        specs[name].database ? startPostgresServer(databasePassword) : undefined,
      ]);
      const endpoint = emulator.endpoint(specs[name].account);
      return { name, api, postgres, place: openPlace({ name, spec: specs[name], sandbox, endpoint, api, postgres }) };
    }),
  );
  return {
    sandbox,
    at: Object.fromEntries(opened.map(({ name, place }) => [name, place])) as Record<Name, Place>,
    async close() {
      emulator.close();
      await Promise.all(opened.flatMap(({ api, postgres }) => [api.close(), postgres?.stop()]));
      rmSync(state, { recursive: true, force: true });
    },
  };
}

interface Parts {
  name: string;
  spec: PlaceSpec;
  sandbox: Sandbox;
  endpoint: string;
  api: TestApiServer;
  postgres?: PostgresServer;
}

function openPlace({ name, spec, sandbox, endpoint, api, postgres }: Parts): Place {
  const { account, region = awsRegion } = spec;
  const backing = {
    connection: async () => ({ ...connectionTo(endpoint), region }),
    node: async (clusterName: string) => ({
      endpoint: api.endpoint,
      certificateAuthorityData: Buffer.from(api.authority).toString("base64"),
      // An account has one identity provider an issuer, and a place may have several clusters in front of its one API.
      issuer: `https://oidc-${clusterName}.biplane.test`,
    }),
    databaseAdmin: async () => {
      if (!postgres) throw new Error(`${name} has no database server`);
      const { port, certificate: ca } = postgres;
      return {
        host: "127.0.0.1",
        port,
        user: "postgres",
        password: databasePassword,
        ssl: { ca },
        database: "postgres",
      };
    },
  };
  const cloud = openCloud(account, backing, region);
  const kubernetes = { PATH: loginFolder(join(sandbox.paths.state, "login", name), api.token) };
  const providers = () =>
    serveAll([
      awsPackage(cloud),
      kubernetesPackage(kubernetes),
      cloudflarePackage(sandbox.paths),
      randomPackage(),
      tlsPackage(),
    ]);
  return {
    account,
    cloud,
    api,
    stack: (stack, config, more) => ({
      stack,
      program: unawaitedProgram,
      config: asConfig(config),
      secrets: {},
      account: "customer",
      plane: "customer",
      providers,
      ...more,
    }),
  };
}

/** No node runs the pods, so their readiness is not waited for. */
const unawaited: ResourceTransform = async ({ type, props, opts }) => {
  if (!/^kubernetes:(?:apps|batch)\//.test(type)) return undefined;
  const annotations = { ...props.metadata?.annotations, "pulumi.com/skipAwait": "true" };
  return { props: { ...props, metadata: { ...props.metadata, annotations } }, opts };
};

async function unawaitedProgram() {
  runtime.registerResourceTransform(unawaited);
  return program();
}

/** A folder with an `aws` whose `eks get-token` answers the test's own token. @returns a PATH that begins with it */
function loginFolder(folder: string, token: string): string {
  const answer = JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1beta1",
    kind: "ExecCredential",
    status: { token },
  });
  const file = join(folder, "aws");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`, { mode: 0o700 });
  return [folder, process.env.PATH ?? ""].join(delimiter);
}
