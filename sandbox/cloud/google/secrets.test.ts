import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Secrets } from "./secrets.ts";

let folder: string;
let secrets: Secrets;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-secrets-"));
  secrets = new Secrets(join(folder, "secrets.json"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parent = "/v1/projects/acme-data/secrets";

function take(method: string, target: string, body: Record<string, unknown> = {}, allowed = () => true) {
  const [path = "", query] = target.split("?");
  const made = secrets.take({ method, path, query: new URLSearchParams(query), body }, allowed);
  return made && { status: made.status, ...(JSON.parse(String(made.body)) as Record<string, unknown>) };
}

it("keeps a value under a version until it is destroyed, and nothing once the secret is deleted", () => {
  const data = Buffer.from("a value").toString("base64");
  expect(take("POST", `${parent}?secretId=union-acme__one`)).toMatchObject({ status: 200 });
  expect(take("POST", `${parent}?secretId=union-acme__one`)).toMatchObject({ status: 409 });
  expect(take("POST", `${parent}/union-acme__one:addVersion`, { payload: { data } })).toMatchObject({
    name: "projects/123456789012/secrets/union-acme__one/versions/1",
  });
  expect(take("GET", `${parent}/union-acme__one/versions/1:access`)).toMatchObject({ payload: { data } });
  expect(secrets.list()).toMatchObject([{ name: "projects/123456789012/secrets/union-acme__one" }]);
  expect(JSON.stringify(secrets.list())).not.toContain(data);
  expect(take("GET", `${parent}/union-acme__one/versions/2:access`)).toMatchObject({ status: 404 });
  expect(take("POST", `${parent}/union-acme__one/versions/1:destroy`)).toMatchObject({ state: "DESTROYED" });
  expect(take("GET", `${parent}/union-acme__one/versions/1:access`)).toMatchObject({ status: 400 });
  expect(take("DELETE", `${parent}/union-acme__one`)).toMatchObject({ status: 200 });
  expect(take("GET", `${parent}/union-acme__one/versions/1:access`)).toMatchObject({ status: 404 });
  expect(statSync(join(folder, "secrets.json")).mode & 0o777).toBe(0o600);
});

it("asks IAM by the names that conditions know, and does nothing where it says no", () => {
  const asked: unknown[] = [];
  const no = (question?: unknown) => {
    asked.push(question);
    return false;
  };
  expect(take("POST", `${parent}?secretId=other`, {}, no)).toMatchObject({ status: 403 });
  expect(take("GET", `${parent}/other/versions/3:access`, {}, no)).toMatchObject({ status: 403 });
  const policies = ["projects/acme-data"];
  expect(asked).toEqual([
    { permissions: ["secretmanager.secrets.create"], policies, name: "projects/acme-data" },
    {
      permissions: ["secretmanager.versions.access"],
      policies,
      name: "projects/123456789012/secrets/other/versions/3",
    },
  ]);
  expect(take("DELETE", `${parent}/other`)).toMatchObject({ status: 404 });
});

it.each([
  ["GET", parent],
  ["GET", `${parent}/one`],
  ["POST", `${parent}/one:setIamPolicy`],
  ["GET", "/v1/projects/acme-data/locations"],
])("leaves %s %s to others", (method, path) => {
  expect(take(method, path)).toBeUndefined();
});
