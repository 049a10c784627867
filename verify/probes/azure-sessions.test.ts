import { describe, expect, it } from "vitest";
import type { Send } from "../../shared/rest.ts";
import { goodAzureTarget } from "../testing/good-azure.ts";
import { azureSessions } from "./azure-sessions.ts";

const place = { bucket: "acme-metadata", key: "acme/demo/development/a b" };
const blob = "acmelocal1.blob.core.windows.net/acme-metadata/acme/demo/development/a%20b";

/** Entra and the store, which answer as told. */
function sessions({
  store = 200,
  entra = 200,
  words = "AADSTS700213: No matching federated identity record found",
} = {}) {
  const calls: string[] = [];
  const send: Send = async (url, { method, headers, body }) => {
    const { host, pathname } = new URL(url);
    calls.push(`${method} ${host}${pathname} by ${headers.get("authorization") ?? "nobody"}`);
    if (host !== "login.microsoftonline.com") return new Response(`<Code>Told${store}</Code>`, { status: store });
    const { client_id, client_assertion, scope } = Object.fromEntries(new URLSearchParams(String(body)));
    calls.push(`${client_id} for ${client_assertion} to ${scope}`);
    return Response.json(entra === 200 ? { access_token: "session" } : { error_description: words }, { status: entra });
  };
  const cloud = azureSessions(goodAzureTarget, send, 0);
  return { calls, take: () => cloud.take("client", "pod-token", "default") };
}

describe("a session on Azure", () => {
  it("is taken as a pod takes it: Entra is asked with the cluster's token, the store with Entra's", async () => {
    const { calls, take } = sessions();
    const { store } = await take();
    expect(await store?.put(place)).toEqual({ allowed: true, told: "done" });
    await store?.delete(place);
    expect(calls).toEqual([
      `POST login.microsoftonline.com/${goodAzureTarget.tenant}/oauth2/v2.0/token by nobody`,
      "client for pod-token to https://storage.azure.com/.default",
      `PUT ${blob} by Bearer session`,
      `DELETE ${blob} by Bearer session`,
    ]);
  });

  it("is refused by the words that say so: what fails otherwise says nothing of rights", async () => {
    for (const entra of [400, 401]) {
      const { store, told } = await sessions({ entra }).take();
      expect([store, told]).toEqual([undefined, expect.stringContaining("AADSTS700213")]);
    }
    await expect(sessions({ entra: 503 }).take()).rejects.toThrow("AADSTS700213");
    for (const words of ["AADSTS50166: no keys", "AADSTS700211: issuer", "AADSTS700212: audience"])
      await expect(sessions({ entra: 401, words }).take()).rejects.toThrow(words);
  });

  it.each([
    [403, { allowed: false, told: expect.stringContaining("Told403") }],
    [404, { allowed: true, told: expect.stringContaining("Told404") }],
  ])("reads %d of the store", async (status, told) => {
    const { store } = await sessions({ store: status }).take();
    expect(await store?.get(place)).toEqual(told);
  });

  it("takes no failure of the store for a refusal", async () => {
    const { store } = await sessions({ store: 500 }).take();
    await expect(store?.get(place)).rejects.toThrow("Told500");
  });
});
