import { expect, test } from "vitest";
import { type PatchOperation, type Pod, patchPod } from "./pod-webhook.ts";

const roleArn = "arn:aws:iam::222222222222:role/userflyterole";
const annotated = { "eks.amazonaws.com/role-arn": roleArn };
const pod = (spec: Partial<Pod["spec"]> = {}): Pod => ({
  metadata: { name: "run-a0-0" },
  spec: { containers: [{ name: "main" }], ...spec },
});

function valueAt(operations: PatchOperation[], path: string): Record<string, unknown>[] {
  return (operations.find((operation) => operation.path === path)?.value ?? []) as Record<string, unknown>[];
}

function envOf(operations: PatchOperation[], path = "/spec/containers/0/env"): Record<string, unknown> {
  return Object.fromEntries(valueAt(operations, path).map(({ name, value }) => [name, value]));
}

test("a pod whose account names a role gets the variables and the projected token of EKS", () => {
  const patch = patchPod(pod(), "demo-development", annotated);
  expect(envOf(patch)).toMatchObject({
    AWS_ROLE_ARN: roleArn,
    AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    AWS_REGION: "us-east-2",
    AWS_DEFAULT_REGION: "us-east-2",
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
    AWS_ROLE_SESSION_NAME: "demo-development.run-a0-0",
  });
  expect(valueAt(patch, "/spec/volumes")).toContainEqual({
    name: "aws-iam-token",
    projected: {
      sources: [{ serviceAccountToken: { audience: "sts.amazonaws.com", expirationSeconds: 86_400, path: "token" } }],
    },
  });
  expect(valueAt(patch, "/spec/containers/0/volumeMounts")).toContainEqual({
    name: "aws-iam-token",
    mountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    readOnly: true,
  });
});

test("a pod whose account names no role gets no token and no AWS identity", () => {
  const unnamed: Record<string, string>[] = [{}, { "eks.amazonaws.com/role-arn": "" }];
  for (const annotations of unnamed) {
    const patch = patchPod(pod(), "demo-development", annotations);
    expect(Object.keys(envOf(patch)).filter((name) => /ROLE|TOKEN|REGION/.test(name))).toEqual([]);
    expect(JSON.stringify(patch)).not.toContain("aws-iam-token");
  }
});

test("every pod trusts the sandbox's authority and finds AWS where the sandbox has it", () => {
  const patch = patchPod(pod(), "demo-development", {});
  const file = "/var/run/secrets/biplane.test/ca.crt";
  expect(envOf(patch)).toEqual({
    SSL_CERT_FILE: file,
    NODE_EXTRA_CA_CERTS: file,
    AWS_CA_BUNDLE: file,
    REQUESTS_CA_BUNDLE: file,
    AWS_ENDPOINT_URL: "https://aws.biplane.test",
    AWS_ENDPOINT_URL_STS: "https://aws.biplane.test",
    FLYTE_AWS_ENDPOINT: "https://aws.biplane.test",
  });
  expect(valueAt(patch, "/spec/volumes")).toEqual([{ name: "biplane-trust", configMap: { name: "kube-root-ca.crt" } }]);
});

test("what the pod sets itself stays, in its order", () => {
  const env = [
    { name: "AWS_REGION", value: "eu-west-1" },
    { name: "MINE", value: "1" },
  ];
  const volumes = [{ name: "own" }];
  const volumeMounts = [{ name: "own", mountPath: "/var/run/secrets/biplane.test" }];
  const patch = patchPod(pod({ volumes, containers: [{ name: "main", env, volumeMounts }] }), "x", annotated);
  expect(valueAt(patch, "/spec/containers/0/env").slice(0, 2)).toEqual(env);
  expect(envOf(patch).AWS_REGION).toBe("eu-west-1");
  expect(valueAt(patch, "/spec/volumes")[0]).toEqual({ name: "own" });
  const paths = valueAt(patch, "/spec/containers/0/volumeMounts").map(({ mountPath }) => mountPath);
  expect(paths).toEqual(["/var/run/secrets/biplane.test", "/var/run/secrets/eks.amazonaws.com/serviceaccount"]);
});

test("all containers get it, the ones that run first too", () => {
  const spec = { containers: [{ name: "a" }, { name: "b" }], initContainers: [{ name: "first" }] };
  const patch = patchPod(pod(spec), "x", annotated);
  for (const container of ["containers/0", "containers/1", "initContainers/0"])
    expect(envOf(patch, `/spec/${container}/env`).AWS_ROLE_ARN).toBe(roleArn);
});

test("a session name holds what STS allows, 64 characters at most", () => {
  const session = (metadata: Pod["metadata"]) =>
    envOf(patchPod({ ...pod(), metadata }, "demo-development", annotated)).AWS_ROLE_SESSION_NAME;
  expect(session({ generateName: "web-68bc-" })).toBe("demo-development.web-68bc");
  expect(session({})).toBe("demo-development.pod");
  expect(session({ name: "x".repeat(200) })).toMatch(/^[\w+=,.@-]{64}$/);
});

test("a pod of a given cluster brings the authority and the names with it, and keeps its own", () => {
  const elsewhere = {
    authority: "PEM",
    hosts: { "a.biplane.test": "198.18.0.30", "b.biplane.test": "198.18.0.40", "c.biplane.test": "198.18.0.30" },
  };
  const own = { ip: "10.0.0.1", hostnames: ["own"] };
  const given = { ...pod({ hostAliases: [own] }), metadata: { annotations: { mine: "1" } } };
  const patch = patchPod(given, "demo-development", annotated, { elsewhere });
  expect(valueAt(patch, "/metadata/annotations")).toEqual({ mine: "1", "sandbox.biplane.dev/authority": "PEM" });
  expect(valueAt(patch, "/spec/hostAliases")).toEqual([
    own,
    { ip: "198.18.0.30", hostnames: ["a.biplane.test", "c.biplane.test"] },
    { ip: "198.18.0.40", hostnames: ["b.biplane.test"] },
  ]);
  expect(valueAt(patch, "/spec/volumes")[0]).toEqual({
    name: "biplane-trust",
    downwardAPI: {
      items: [{ path: "ca.crt", fieldRef: { fieldPath: "metadata.annotations['sandbox.biplane.dev/authority']" } }],
    },
  });
  expect(envOf(patch).AWS_ROLE_ARN).toBe(roleArn);
});

const client = "55555555-5555-4555-8555-555555555555";
const inAzure = { "azure.workload.identity/client-id": client };
const labelled = (spec: Partial<Pod["spec"]> = {}): Pod => ({
  ...pod(spec),
  metadata: { name: "run-a0-0", labels: { "azure.workload.identity/use": "true" } },
});

test("a pod in Azure that bears AKS's label gets a token for Entra and where to trade it, and nothing of AWS's", () => {
  const patch = patchPod(labelled(), "demo-development", { ...annotated, ...inAzure }, { cloud: "azure" });
  const given = envOf(patch);
  const folder = "/var/run/secrets/azure/tokens";
  expect(given).toMatchObject({
    AZURE_ENDPOINT_URL: "https://azure.biplane.test",
    AZURE_CLIENT_ID: client,
    AZURE_TENANT_ID: "33333333-3333-4333-8333-333333333333",
    AZURE_FEDERATED_TOKEN_FILE: `${folder}/azure-identity-token`,
    AZURE_AUTHORITY_HOST: "https://azure.biplane.test/login/",
  });
  expect(Object.keys(given).filter((name) => /^AWS_(?!CA_BUNDLE)|STORAGE_ENDPOINT/.test(name))).toEqual([]);
  const audience = "api://AzureADTokenExchange";
  const serviceAccountToken = { audience, expirationSeconds: 3_600, path: "azure-identity-token" };
  expect(valueAt(patch, "/spec/volumes")).toContainEqual({
    name: "azure-identity-token",
    projected: { sources: [{ serviceAccountToken }] },
  });
  expect(valueAt(patch, "/spec/containers/0/volumeMounts")).toContainEqual({
    ...{ name: "azure-identity-token", mountPath: folder, readOnly: true },
  });
});

test("a pod in Azure without the label, or whose account names no identity, gets no token", () => {
  for (const [of, annotations] of [
    [pod(), inAzure],
    [labelled(), {}],
  ] as const) {
    const patch = patchPod(of, "demo-development", annotations, { cloud: "azure" });
    expect(Object.keys(envOf(patch)).filter((name) => /CLIENT|TENANT|TOKEN/.test(name))).toEqual([]);
    expect(JSON.stringify(patch)).not.toContain("serviceAccountToken");
  }
});

test("the client's object store finds the account that its container names", () => {
  const env = [{ name: "AZURE_STORAGE_ACCOUNT_NAME", value: "acme" }];
  const spec = { containers: [{ name: "main", env }, { name: "beside" }] };
  const patch = patchPod(labelled(spec), "demo-development", inAzure, { cloud: "azure" });
  // Kubernetes fills in a variable that stands before, and leaves one that does not.
  const names = valueAt(patch, "/spec/containers/0/env").map(({ name }) => name);
  expect(names.indexOf("AZURE_STORAGE_ENDPOINT")).toBeGreaterThan(names.indexOf("AZURE_STORAGE_ACCOUNT_NAME"));
  expect(envOf(patch).AZURE_STORAGE_ENDPOINT).toBe("https://azure.biplane.test/blob/$(AZURE_STORAGE_ACCOUNT_NAME)");
  expect(envOf(patch, "/spec/containers/1/env")).not.toHaveProperty("AZURE_STORAGE_ENDPOINT");
});

test("a pod in Google Cloud is told of Google's endpoint, and given no token and nothing of AWS's", () => {
  const patch = patchPod(pod(), "demo-development", annotated, { cloud: "gcp" });
  const given = envOf(patch);
  expect(given).toMatchObject({
    GOOGLE_ENDPOINT_URL: "https://google.biplane.test",
    GOOGLE_BASE_URL: "https://google.biplane.test",
    SSL_CERT_FILE: "/var/run/secrets/biplane.test/ca.crt",
  });
  expect(Object.keys(given).filter((name) => /^AWS_(?!CA_BUNDLE)/.test(name))).toEqual([]);
  expect(JSON.stringify(patch)).not.toContain("serviceAccountToken");
});
