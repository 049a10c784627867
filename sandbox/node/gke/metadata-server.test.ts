import { expect, it } from "vitest";
import { metadataAnswers } from "./metadata-server.ts";
import { type AskingPod, Refused } from "./pod-tokens.ts";

const account = "userflyterole@acme-data.iam.gserviceaccount.com";
const pods: Record<string, AskingPod> = {
  "10.93.0.7": { name: "task", uid: "1", namespace: "demo-development", serviceAccount: "default", account },
  "10.93.0.8": { name: "sync", uid: "2", namespace: "union", serviceAccount: "sync" },
  "10.93.0.9": { name: "bad", uid: "3", namespace: "union", serviceAccount: "bad", account },
};
const answers = metadataAnswers({
  project: "acme-data",
  pool: "acme-data.svc.id.goog",
  podAt: async (address) => pods[address],
  tokenOf: async ({ name }) => {
    if (name === "bad") throw new Refused(403, "Permission denied");
    return { token: `token of ${name}`, seconds: 3_600 };
  },
});
const flavor = { "metadata-flavor": "Google" };
const own = "/computeMetadata/v1/instance/service-accounts/default";

it("tells a pod its own account and token, by the address that it asks from", async () => {
  expect(await answers(`${own}/token?scopes=x`, flavor, "10.93.0.7")).toMatchObject({
    status: 200,
    body: '{"access_token":"token of task","expires_in":3600,"token_type":"Bearer"}',
  });
  expect((await answers(`${own}/email`, flavor, "10.93.0.7")).body).toBe(account);
  expect((await answers(`${own}/email`, flavor, "10.93.0.8")).body).toBe("acme-data.svc.id.goog");
  expect((await answers(`${own.replace("default", account)}/token`, flavor, "10.93.0.8")).status).toBe(404);
});

it("tells nobody else anything, and passes on what Google refuses", async () => {
  expect((await answers(`${own}/token`, flavor, "10.93.0.99")).status).toBe(404);
  expect(await answers(`${own}/token`, flavor, "10.93.0.9")).toMatchObject({ status: 403, body: "Permission denied" });
});

it("answers only who knows that it asks a metadata server, and does not ask for somebody else", async () => {
  expect((await answers(`${own}/token`, {}, "10.93.0.7")).status).toBe(403);
  expect((await answers(`${own}/token`, { ...flavor, "x-forwarded-for": "1.2.3.4" }, "10.93.0.7")).status).toBe(403);
});

it.each([
  ["/", 200],
  ["/computeMetadata/v1/instance", 200],
  ["/computeMetadata/v1/project/project-id", 200],
  ["/computeMetadata/v1/universe/universe-domain", 404],
  ["/computeMetadata/v1/instance/attributes/kube-env", 404],
  ["/latest/meta-data/iam/security-credentials", 404],
])("GET %s is %d", async (path, status) => {
  expect((await answers(path, flavor, "10.93.0.7")).status).toBe(status);
});
