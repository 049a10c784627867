import { expect, it } from "vitest";
import { objectsUnder, secretsUnder } from "../../../components/identity/gcp-roles.ts";
import type { Entry } from "../../providers/machine/kept.ts";
import { type Asked, isAllowed } from "./rights.ts";

const user = "serviceAccount:user@acme-data.iam.gserviceaccount.com";
const bucket = "acme-metadata";

function grant(role: string, member: string, condition?: { title: string; expression: string }): Entry {
  return {
    type: "member",
    inputs: { role, member, ...(condition ? { condition: { ...condition } } : {}) },
    outputs: {},
  };
}

const entries = {
  [`b/${bucket}`]: { type: "bucket", inputs: {}, outputs: {} },
  [`b/${bucket}:iam/roles/storage.objectUser/${user}/prefix`]: grant(
    "roles/storage.objectUser",
    user,
    objectsUnder(bucket, "acme/demo"),
  ),
  "projects/acme-data/roles/keeper": {
    type: "role",
    inputs: { permissions: ["secretmanager.versions.access"] },
    outputs: {},
  },
  [`projects/acme-data:iam/projects/acme-data/roles/keeper/${user}`]: grant(
    "projects/acme-data/roles/keeper",
    user,
    secretsUnder("123", "union-acme_"),
  ),
};

const object = (name: string, permission = "get"): Asked => ({
  principal: user,
  permissions: [`storage.objects.${permission}`],
  policies: [`b/${bucket}`],
  name: `projects/_/buckets/${bucket}/objects/${name}`,
});

it("lets a member do what its role says, under the prefix of its condition alone", () => {
  expect(isAllowed(entries, object("acme/demo/run/inputs.pb"))).toBe(true);
  expect(isAllowed(entries, object("acme/demography/inputs.pb"))).toBe(false);
  expect(isAllowed(entries, object("acme/demo/x", "setIamPolicy"))).toBe(false);
  expect(isAllowed(entries, { ...object("acme/demo/x"), principal: user.replace("user@", "other@") })).toBe(false);
  expect(isAllowed(entries, { ...object("acme/demo/x"), policies: ["b/acme-metadata-2"] })).toBe(false);
});

it("judges a list by the prefix that is asked for", () => {
  const list = { ...object("", "list"), name: `projects/_/buckets/${bucket}` };
  expect(isAllowed(entries, { ...list, listPrefix: "acme/demo/run/" })).toBe(true);
  expect(isAllowed(entries, { ...list, listPrefix: "acme/" })).toBe(false);
  expect(isAllowed(entries, list)).toBe(false);
});

it("knows custom roles by their permissions, and asks for every one", () => {
  const secret = {
    principal: user,
    policies: ["projects/acme-data"],
    name: "projects/123/secrets/union-acme__x/versions/1",
  };
  expect(isAllowed(entries, { ...secret, permissions: ["secretmanager.versions.access"] })).toBe(true);
  const both = ["secretmanager.versions.access", "secretmanager.versions.destroy"];
  expect(isAllowed(entries, { ...secret, permissions: both })).toBe(false);
  expect(
    isAllowed(entries, { ...secret, permissions: both.slice(0, 1), name: "projects/123/secrets/union-globex__x" }),
  ).toBe(false);
});

it("does not allow what it cannot judge: another form of condition, a role that it does not know", () => {
  const strange = { title: "by time", expression: 'request.time < timestamp("2099-01-01T00:00:00Z")' };
  const held = (role: string, condition?: typeof strange) => ({
    [`b/${bucket}:iam/${role}/${user}`]: grant(role, user, condition),
  });
  expect(isAllowed(held("roles/storage.objectUser"), object("x"))).toBe(true);
  expect(isAllowed(held("roles/storage.objectUser", strange), object("x"))).toBe(false);
  expect(isAllowed(held("roles/storage.everything"), object("x"))).toBe(false);
});
