import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DocumentSchema, type Policy, type Role } from "../gen/biplane/policy/v1/policy_pb.js";
import { checkout } from "./context.ts";
import { parsePolicyFile, renderPolicy, renderRole } from "./policy-file.ts";

const read = (content: string) =>
  parsePolicyFile("p.yaml", content).map((document) => create(DocumentSchema, document).document);

describe("a policy file", () => {
  it("holds roles, policies of every width, and assignments", () => {
    const documents = parsePolicyFile("e", readFileSync(join(checkout, "examples/policies.yaml"), "utf8"));
    const made = documents.map((document) => create(DocumentSchema, document).document);
    expect(made.map((one) => one.case)).toEqual(["role", "policy", "policy", "assignment"]);
    const bindings = [
      { role: "production-runner", project: "", domain: "production" },
      { role: "viewer", project: "", domain: "" },
    ];
    expect(made[2]?.value).toMatchObject({ bindings });
    expect(made[3]?.value).toMatchObject({ policy: "team-a", assignees: { users: ["ann@example.com"] } });
  });

  it("is printed as it can be applied again", () => {
    const content = readFileSync(join(checkout, "examples/policies.yaml"), "utf8");
    const documents = parsePolicyFile("e", content).map((one) => create(DocumentSchema, one).document);
    const [role, policy] = [documents[0]?.value as Role, documents[1]?.value as Policy];
    const printed = `${renderRole(role)}---\n${renderPolicy({ ...policy, assignees: undefined })}`;
    expect(read(printed).map((one) => one.value)).toEqual([role, policy]);
  });

  it.each([
    ["nothing", "", /p.yaml is "no document"; allowed: roles, policies and assignments/],
    ["something else", "a: 1", /document 1 \(line 1\): has neither actions, bindings nor policy; allowed: a role/],
    ["an unknown key", "name: r\nactions: [a]\nactoins: []", /the document has actoins; allowed: no such key/],
    ["an unknown key deep down", "name: p\nbindings: [{role: r, where: x}]", /bindings.0 has where; allowed/],
    ["a number for a name", "name: 7\nactions: [a]", /name is 7; allowed: a text/],
    ["no name", "actions: [a]", /name is missing; allowed: a text/],
    [
      "an empty resource",
      "name: p\nbindings: [{role: r, resource: {}}]",
      /bindings.0.resource is {}; allowed: a domain/,
    ],
    ["a key twice", "name: p\nname: q\nactions: [a]", /is no YAML: Map keys must be unique/],
    ["broken YAML", "name: [", /is no YAML/],
  ])("is refused: %s", (_what, content, message) => {
    expect(() => parsePolicyFile("p.yaml", content)).toThrow(message);
  });

  it("tells every problem at once, each with its document and line", () => {
    expect(() => parsePolicyFile("p.yaml", "name: a\nactions: 1\n---\nb: 2\n")).toThrow(
      /document 1 \(line 1\): actions is 1.*\n.*document 2 \(line 4\)/,
    );
  });
});
