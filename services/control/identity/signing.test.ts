import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { userRoles } from "../../shared/auth/caller.ts";
import { remoteKeys } from "../../shared/auth/remote-keys.ts";
import { type TokenVerifier, tokenVerifier } from "../../shared/auth/verifier.ts";
import { answerJson } from "../../shared/http.ts";
import { type Server, startServer } from "../../shared/server.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { createSigner, type Signer } from "./signing.ts";
import { newSigningKey } from "./testing/signing-key.ts";

const issuer = "https://region.biplane.test";
const ann = { org: "acme", subject: "ann", kind: "application", role: "viewer", apiKey: null } as const;
const [oldKey, newKey] = [newSigningKey(), newSigningKey()];

let server: Server;
let published: Signer;

beforeAll(async () => {
  const { log } = recordingLog();
  const handler = (_request: unknown, response: Parameters<typeof answerJson>[0]) =>
    answerJson(response, 200, published.keys);
  server = await startServer({ port: 0, handler, log });
});
afterAll(() => server.close(0));

function verifier(): TokenVerifier {
  const keys = remoteKeys(`http://127.0.0.1:${server.port}/keys`);
  return tokenVerifier([{ issuer, audience: issuer, roles: userRoles, keys }]);
}

/** The work when so much time has passed. */
async function later(ms: number, work: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  try {
    await work();
  } finally {
    vi.useRealTimers();
  }
}

const subjectOf = async (verify: TokenVerifier, token: string) => (await verify(`Bearer ${token}`)).subject;

describe("the signing key", () => {
  it("is changed without a token that anybody refuses: published first, then signing, then gone", async () => {
    published = await createSigner(issuer, oldKey);
    const before = await published.sign(ann);
    const knowing = verifier();
    expect(await subjectOf(knowing, before)).toBe("ann");
    // Known to who asks from now on, used by nobody.
    published = await createSigner(issuer, `${oldKey}\n${newKey}`);
    const asking = verifier();
    expect(await subjectOf(asking, await published.sign(ann))).toBe("ann");
    published = await createSigner(issuer, `${newKey}\n${oldKey}`);
    const after = await published.sign(ann);
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    for (const token of [before, after]) expect(await subjectOf(asking, token)).toBe("ann");
    // Whoever knew the old key alone asks again: at once, if it last asked more than two seconds ago.
    await later(3_000, async () => expect(await subjectOf(knowing, after)).toBe("ann"));
    expect(await subjectOf(knowing, before)).toBe("ann");
    published = await createSigner(issuer, newKey);
    const fresh = verifier();
    expect(await subjectOf(fresh, after)).toBe("ann");
    await expect(subjectOf(fresh, before)).rejects.toThrow("the token is not valid");
  });

  it("that is withdrawn is refused within a minute by who knew it", async () => {
    published = await createSigner(issuer, oldKey);
    const token = await published.sign(ann);
    const verify = verifier();
    expect(await subjectOf(verify, token)).toBe("ann");
    published = await createSigner(issuer, newKey);
    await later(55_000, () => expect(subjectOf(verify, token)).rejects.toThrow("the token is not valid"));
  });

  it.each([
    ["nothing", ""],
    ["no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"],
    ["one that is none behind one that is", `${oldKey}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`],
  ])("is refused where the file holds %s", async (_what, pem) => {
    await expect(createSigner(issuer, pem)).rejects.toThrow("SIGNING_KEY_FILE does not hold a P-256 private key");
  });
});
