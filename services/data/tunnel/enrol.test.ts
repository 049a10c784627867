import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RegistrationService } from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { currentIdentity } from "./enrol.ts";
import { type Identity, newKey, renewalTime, signingRequest } from "./identity.ts";

const answer = {
  certificate: { certificate: "CERTIFICATE", authority: "AUTHORITY" },
  relayHost: "relay.test",
  tokenIssuer: "https://region.test",
  tokenKeys: "{}",
};

/** A region that fails at first, and a Secret. */
function world(failures: number, code = Code.Unavailable) {
  const asked: { token: string; certificateRequest: string }[] = [];
  const gateway = createRouterTransport(({ service }) =>
    service(RegistrationService, {
      register({ token, certificateRequest }) {
        asked.push({ token, certificateRequest });
        if (asked.length <= failures) throw new ConnectError("not now", code);
        return answer;
      },
    }),
  );
  let saved: Partial<Identity> = {};
  const saves: Partial<Identity>[] = [];
  const store = {
    load: async () => saved,
    save: async (identity: Partial<Identity>) => {
      saves.push(identity);
      saved = { ...saved, ...identity };
    },
  };
  const deps = { name: { org: "acme", cluster: "main" }, token: "one-time", store, gateway, log: recordingLog().log };
  return { deps, asked, saves };
}

describe("registration", () => {
  it("saves its key before it uses it, and all the rest once the region has answered", async () => {
    const { deps, saves } = world(0);
    const identity = await currentIdentity(deps);
    expect(saves.map((save) => Object.keys(save))).toEqual([
      ["key"],
      ["key", "certificate", "authority", "relayHost", "tokenIssuer", "tokenKeys"],
    ]);
    expect(identity).toMatchObject({ certificate: "CERTIFICATE", relayHost: "relay.test" });
  });

  it("tries again with the same key", async () => {
    const { deps, saves, asked } = world(1);
    await expect(currentIdentity(deps)).rejects.toMatchObject({ code: Code.Unavailable });
    await currentIdentity(deps);
    expect(asked).toHaveLength(2);
    expect(new Set(saves.map(({ key }) => key)).size).toBe(1);
  });
});

describe("a key that the region has put out of use", () => {
  it("is replaced by another, which is saved", async () => {
    const { deps, asked, saves } = world(1, Code.PermissionDenied);
    await deps.store.save({ key: await newKey() });
    const { key } = await currentIdentity(deps);
    expect(new Set(saves.map((save) => save.key)).size).toBe(2);
    expect(saves.at(-1)?.key).toBe(key);
    expect(new Set(asked.map(({ certificateRequest }) => certificateRequest)).size).toBe(2);
  });

  it("is kept where it is the token that is refused", async () => {
    const { deps, saves } = world(1, Code.Unauthenticated);
    await deps.store.save({ key: await newKey() });
    await expect(currentIdentity(deps)).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect(new Set(saves.map((save) => save.key)).size).toBe(1);
  });
});

it("makes a key that signs its own request", async () => {
  const key = await newKey();
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(await signingRequest(key)).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
});

it("refuses to call something a certificate that is none", () => {
  expect(() => renewalTime("CERTIFICATE")).toThrow();
});
