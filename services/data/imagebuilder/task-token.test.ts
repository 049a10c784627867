import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { builderAudience } from "../../../components/image-builder/contract.ts";
import { type ClusterKeys, taskTokens } from "./task-token.ts";

const issuer = "https://oidc.test";

async function cluster() {
  let pair = await generateKeyPair("ES256");
  let kid = "1";
  const keys: ClusterKeys = {
    issuer: async () => issuer,
    keys: async () => ({ keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: "ES256" }] }),
  };
  return {
    verify: taskTokens(keys, new Set(["demo-development"])),
    async renew() {
      pair = await generateKeyPair("ES256");
      kid = "2";
    },
    async token(
      changed: { audience?: string; issuer?: string; namespace?: string; pod?: object | null; expires?: string } = {},
    ) {
      const {
        audience = builderAudience,
        namespace = "demo-development",
        pod = { name: "p" },
        expires = "1m",
      } = changed;
      const jwt = new SignJWT({ "kubernetes.io": { namespace, pod } }).setProtectedHeader({ alg: "ES256", kid });
      jwt
        .setIssuer(changed.issuer ?? issuer)
        .setAudience(audience)
        .setExpirationTime(expires);
      return `Bearer ${await jwt.sign(pair.privateKey)}`;
    },
  };
}

test("a pod of a served namespace is known by its token, also after the cluster has new keys", async () => {
  const { verify, token, renew } = await cluster();
  expect(await verify(await token())).toEqual({ namespace: "demo-development", pod: "p" });
  await renew();
  expect(await verify(await token())).toEqual({ namespace: "demo-development", pod: "p" });
});

test.each([
  ["made for the cloud", { audience: "sts.amazonaws.com" }],
  ["another issuer's", { issuer: "https://evil.test" }],
  ["over", { expires: "-1m" }],
  ["of a namespace that is not served", { namespace: "kube-system" }],
  ["no pod's", { pod: null }],
])("a token that is %s is refused", async (_, changed) => {
  const { verify, token } = await cluster();
  await expect(verify(await token(changed))).rejects.toThrow(/token|namespace/);
});

test.each([null, "", "Basic abc", "Bearer not-a-token"])("%j is no token", async (authorization) => {
  const { verify } = await cluster();
  await expect(verify(authorization)).rejects.toThrow("token");
});
