import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describedCluster } from "./cluster-answer.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-cluster-answer-"));
afterAll(() => rmSync(folder, { recursive: true }));
const facts = join(folder, "facts.json");
const issuer = "https://oidc-customer.biplane.test";
writeFileSync(
  facts,
  JSON.stringify({ endpoint: "https://198.18.0.20:6443", certificateAuthorityData: "Y2E=", issuer }),
);

const made = (status = 200) => ({
  status,
  headers: {},
  body: Buffer.from(JSON.stringify({ cluster: { name: "acme", endpoint: "https://made.up", tags: { a: "b" } } })),
});

test("a described cluster has the local node's endpoint, authority and issuer, and keeps what was configured", () => {
  const { body } = describedCluster("GET", "/clusters/acme", facts, made());
  expect(JSON.parse(body.toString())).toEqual({
    cluster: {
      name: "acme",
      endpoint: "https://198.18.0.20:6443",
      certificateAuthority: { data: "Y2E=" },
      identity: { oidc: { issuer } },
      tags: { a: "b" },
    },
  });
});

test("every other answer passes as it is", () => {
  const same = (method: string, target: string, file: string | undefined, status = 200) => {
    const answer = made(status);
    expect(describedCluster(method, target, file, answer)).toBe(answer);
  };
  same("DELETE", "/clusters/acme", facts);
  same("GET", "/clusters", facts);
  same("GET", "/clusters/acme/node-groups", facts);
  same("GET", "/clusters/acme", facts, 404);
  same("GET", "/clusters/acme", undefined);
  same("GET", "/clusters/acme", join(folder, "absent.json"));
});
