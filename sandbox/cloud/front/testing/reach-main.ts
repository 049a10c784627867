/**
 * The object store with its IAM and STS, the front before them and a cluster's issuer, in a network and with a hosts file of
 * their own, since the STS asks no issuer at a loopback address: `unshare --net --mount node reach-main.ts FOLDER`. There
 * the probe of IAM-14 is run for each world of `worlds`, and what each finds is printed as JSON.
 */
import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer, Agent as TlsAgent } from "node:https";
import { join } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { ListObjectsV2Command, S3 } from "@aws-sdk/client-s3";
import { SignJWT } from "jose";
import { renderAdminPolicy, renderSessionTrust } from "../../../../components/identity/aws-policies.ts";
import { awsSessions } from "../../../../verify/probes/aws-sessions.ts";
import { probeReach } from "../../../../verify/probes/reach.ts";
import { goodTarget } from "../../../../verify/testing/good-plane.ts";
import { toolchain } from "../../../engine/testing/emulated.ts";
import { accounts, awsRegion, names } from "../../../hosts.ts";
import { paths } from "../../../paths.ts";
import { ensureAuthority, ensureLeaf } from "../../../pki.ts";
import { awaitListener } from "../../await-port.ts";
import { Emulator } from "../emulator.ts";
import { createFront } from "../front.ts";
import { judgeAccount } from "../role-account.ts";
import type { Session } from "../sessions.ts";

const [, , state = ""] = process.argv;
const issuerAddress = "198.18.255.1";
const issuer = names.oidc("customer");
const ports = { objects: 7070, judge: 7071, private: 7072 };
const root = { accessKeyId: "root-of-a-test", secretAccessKey: "secret-of-a-test" };
const { buckets } = goodTarget;
const sessions = join(state, "sessions.json");
const own = paths({ ...process.env, BIPLANE_STATE: state });

execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("ip", ["address", "add", `${issuerAddress}/32`, "dev", "lo"]);
writeFileSync(join(state, "hosts"), `127.0.0.1 localhost ${names.aws}\n${issuerAddress} ${issuer}\n`);
execFileSync("mount", ["--bind", join(state, "hosts"), "/etc/hosts"]);

const authority = await ensureAuthority(own);
const clients = await ensureAuthority(own, "object-store-clients");
const client = await ensureLeaf(own, { name: "object-store-gateway", authority: "object-store-clients" });
const leaf = await ensureLeaf(own, { name: "cloud", dns: [names.aws, issuer], addresses: ["127.0.0.1"] });
const tokenOf = await serveIssuer();
await serveStore();
const iam = new IAM({ ...rootAt(ports.judge), region: "us-east-1" });
const s3 = new S3({ ...rootAt(ports.objects), region: awsRegion, forcePathStyle: true });
for (const Bucket of Object.values(buckets)) await s3.createBucket({ Bucket });
await iam.createOpenIDConnectProvider({ Url: `https://${issuer}`, ClientIDList: ["sts.amazonaws.com"] });
await serveFront();

const subjects = ["executor", "proxy-system", "log-provider"].map((serviceAccount) => ({
  namespace: goodTarget.namespace,
  serviceAccount,
}));
const providerArn = `arn:aws:iam::${judgeAccount}:oidc-provider/${issuer}`;
const trust = renderSessionTrust({ providerArn, issuer, subjects });
const place = {
  region: awsRegion,
  account: accounts.customer,
  secretPrefix: "union/acme",
  logGroup: "/biplane/acme/main",
};
const policy = renderAdminPolicy({ ...place, buckets });

/** As the stacks write it, and with each of both parts as if the session's name were nothing. */
const worlds = {
  kit: { trust, policy },
  "any name": { trust: without(trust, "sts:RoleSessionName"), policy },
  "one reach for all": { trust, policy: without(policy, "aws:userid") },
};

const RoleName = goodTarget.roles.admin;
await iam.createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) });
const found: Record<string, unknown> = {};
const target = { ...goodTarget, aws: { profile: "none", endpointUrl: `http://${names.aws}` } };
for (const [name, documents] of Object.entries(worlds)) {
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: JSON.stringify(documents.trust) });
  await iam.putRolePolicy({ RoleName, PolicyName: RoleName, PolicyDocument: JSON.stringify(documents.policy) });
  const probed = await probeReach(target, { tokenOf, take: awsSessions(target).take });
  const left = await Promise.all(Object.values(buckets).map((Bucket) => s3.send(new ListObjectsV2Command({ Bucket }))));
  found[name] = { ...probed, left: left.flatMap(({ Contents = [] }) => Contents.map(({ Key }) => Key)) };
}
const kept = JSON.parse(readFileSync(sessions, "utf8")) as [string, Session][];
const userIds = kept.map(([, { userId = "" }]) => userId);
process.stdout.write(JSON.stringify({ found, userIds }), () => process.exit(0));

/** @returns signs tokens as the cluster does for an account of the platform's namespace */
async function serveIssuer() {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = [{ ...publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "1" }];
  const documents: Record<string, object> = {
    "/.well-known/openid-configuration": {
      ...{ issuer: `https://${issuer}`, jwks_uri: `https://${issuer}/openid/v1/jwks` },
      ...{ response_types_supported: ["id_token"], subject_types_supported: ["public"] },
      id_token_signing_alg_values_supported: ["RS256"],
    },
    "/openid/v1/jwks": { keys },
  };
  const pair = { cert: readFileSync(leaf.certificate), key: readFileSync(leaf.key) };
  const server = createTlsServer(pair, ({ url = "" }, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(documents[url] ?? {}));
  });
  await once(server.listen(443, issuerAddress), "listening");
  return (account: string) =>
    new SignJWT({})
      .setProtectedHeader({ alg: "RS256", kid: "1" })
      .setIssuer(`https://${issuer}`)
      .setAudience("sts.amazonaws.com")
      .setSubject(`system:serviceaccount:${goodTarget.namespace}:${account}`)
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(privateKey);
}

async function serveStore(): Promise<void> {
  const folder = (name: string) => {
    mkdirSync(join(state, name));
    return join(state, name);
  };
  const tls = ["--cert", leaf.certificate, "--key", leaf.key, "--region", awsRegion];
  const env = {
    ...{ ROOT_ACCESS_KEY: root.accessKeyId, ROOT_SECRET_KEY: root.secretAccessKey },
    ...{ SSL_CERT_FILE: authority.certificate, VGW_QUIET: "true" },
  };
  const start = async (port: number, args: string[]) => {
    spawn(toolchain().bin("versitygw"), [...tls, "--port", `127.0.0.1:${port}`, ...args], { env, stdio: "ignore" });
    await awaitListener("127.0.0.1", port);
  };
  await start(ports.judge, [
    ...["iam", "--dir", folder("iam"), "--private-ports", `127.0.0.1:${ports.private}`],
    ...["--private-cert", leaf.certificate, "--private-cert-key", leaf.key],
    ...["--private-client-ca", clients.certificate],
  ]);
  await start(ports.objects, [
    ...["--iam-standalone-endpoint", `127.0.0.1:${ports.private}`],
    ...["--iam-standalone-client-cert", client.certificate, "--iam-standalone-client-cert-key", client.key],
    ...["--iam-standalone-server-ca", authority.certificate, "--iam-cache-disable"],
    ...["posix", "--versioning-dir", folder("versions"), folder("buckets")],
  ]);
}

function rootAt(port: number) {
  const httpsAgent = new TlsAgent({ ca: readFileSync(authority.certificate) });
  return { endpoint: `https://127.0.0.1:${port}`, credentials: root, requestHandler: { httpsAgent } };
}

async function serveFront(): Promise<void> {
  // Nothing that is asked here is the emulator's to answer.
  const emulator = new Emulator(1);
  const handle = createFront(
    {
      ...{
        address: "127.0.0.1",
        port: 0,
        certificate: leaf.certificate,
        key: leaf.key,
        operators: [],
        clusterFacts: {},
      },
      ...{
        authority: authority.certificate,
        issuerDocuments: state,
        kept: join(state, "kept.json"),
        trail: join(state, "trail.jsonl"),
      },
      sessions,
      ports: { objects: ports.objects, judge: ports.judge, emulator: 1, login: 1, registry: 1 },
    },
    emulator,
  );
  const server = createServer((request, response) => void handle(request, response));
  await once(server.listen(80, "127.0.0.1"), "listening");
}

function without(document: object, key: string): object {
  return JSON.parse(JSON.stringify(document), (name, value) => {
    if (name === "Condition" && value.StringLike) return undefined;
    return name === key ? undefined : value;
  });
}
