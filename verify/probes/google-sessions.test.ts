import { describe, expect, it } from "vitest";
import { google } from "../../shared/google.ts";
import type { Send } from "../../shared/rest.ts";
import { goodGoogleTarget } from "../testing/good-google.ts";
import { googleSessions } from "./google-sessions.ts";

const { accounts, region, clusterName } = goodGoogleTarget;
const place = { bucket: "acme-metadata", key: "acme/demo/development/a b" };

/** Google's hosts: STS knows one token, IAM lets it act as the user's account, and the store answers as told. */
function sessions({ store = 200, iam = 200, sts = 200 } = {}) {
  const calls: string[] = [];
  const send: Send = async (url, { method, headers, body }) => {
    const { host, pathname, search } = new URL(url);
    calls.push(`${method} ${host}${pathname}${search} by ${headers.get("authorization") ?? "nobody"}`);
    const answer = (status: number, good: object) =>
      Response.json(status === 200 ? good : { error: { message: `told ${status}` } }, { status });
    if (host === "sts.googleapis.com") {
      const { audience, subjectToken } = JSON.parse(String(body)) as Record<string, string>;
      calls.push(`${audience} for ${subjectToken}`);
      return answer(sts, { access_token: "federated" });
    }
    if (host === "iamcredentials.googleapis.com") return answer(iam, { accessToken: "acting" });
    return answer(store, {});
  };
  const cloud = googleSessions(goodGoogleTarget, (token) => google({ token: async () => token, send, backoffMs: 0 }));
  return { calls, take: () => cloud.take(accounts.user, "pod-token", "default") };
}

describe("a session on Google Cloud", () => {
  it("is taken as GKE takes it for a pod: STS is asked by nobody, IAM by the pod, the store by the account", async () => {
    const { calls, take } = sessions();
    const { store } = await take();
    expect(await store?.put(place)).toEqual({ allowed: true, told: "done" });
    await store?.delete(place);
    const object = "storage/v1/b/acme-metadata/o";
    expect(calls).toEqual([
      "POST sts.googleapis.com/v1/token by nobody",
      `identitynamespace:acme-data.svc.id.goog:https://container.googleapis.com/v1/projects/acme-data/locations/${region}/clusters/${clusterName} for pod-token`,
      `POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(accounts.user)}:generateAccessToken by Bearer federated`,
      `POST storage.googleapis.com/upload/${object}?uploadType=media&name=acme%2Fdemo%2Fdevelopment%2Fa+b by Bearer acting`,
      `DELETE storage.googleapis.com/${object}/acme%2Fdemo%2Fdevelopment%2Fa%20b by Bearer acting`,
    ]);
  });

  it("is refused by IAM's word alone: what fails otherwise says nothing of rights", async () => {
    expect(await sessions({ iam: 403 }).take()).toMatchObject({ told: expect.stringContaining("told 403") });
    expect((await sessions({ iam: 403 }).take()).store).toBeUndefined();
    await expect(sessions({ iam: 503 }).take()).rejects.toThrow("told 503");
    await expect(sessions({ iam: 400 }).take()).rejects.toThrow("told 400");
    await expect(sessions({ sts: 403 }).take()).rejects.toThrow("told 403");
  });

  it.each([
    [403, { allowed: false, told: expect.stringContaining("told 403") }],
    // Who is told that nothing is there may look.
    [404, { allowed: true, told: expect.stringContaining("told 404") }],
  ])("reads %d of the store", async (status, told) => {
    const { store } = await sessions({ store: status }).take();
    expect(await store?.get(place)).toEqual(told);
  });

  it("takes no failure of the store for a refusal", async () => {
    const { store } = await sessions({ store: 500 }).take();
    await expect(store?.get(place)).rejects.toThrow("told 500");
  });
});
