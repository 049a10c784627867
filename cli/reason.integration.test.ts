import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { execaSync } from "execa";
import { describe, expect, it } from "vitest";
import { withFolder } from "../verify/reason/testing/manifests.ts";
import { checkout } from "./context.ts";

const role = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: User, name: alice}]
`;

/** The command as it is typed, in a folder that holds the files. */
function biplane(files: Record<string, string>, ...args: string[]) {
  return withFolder(files, (cwd) => {
    const main = join(checkout, "cli/main.ts");
    const { stdout, stderr, exitCode } = execaSync(process.execPath, [main, ...args], { cwd, reject: false });
    return { answers: stdout.split("\n").filter(Boolean), stderr, exitCode };
  });
}

describe("biplane verify reason", () => {
  it("answers a thousand questions in one process, in their order", () => {
    const users = Array.from({ length: 1000 }, (_, at) => (at % 3 === 0 ? "alice" : "bob"));
    const queries = users.map((user) => `${JSON.stringify({ user, verb: "get", resource: "pods" })}\n`).join("");
    const args = ["verify", "reason", "rbac", "--manifests", "role.yaml", "--queries", "q.jsonl"];
    const { answers, exitCode } = biplane({ "role.yaml": role, "q.jsonl": queries }, ...args);
    expect(answers.map((answer) => JSON.parse(answer).allowed)).toEqual(users.map((user) => user === "alice"));
    expect(exitCode).toBe(0);
  });

  it("answers for Google Cloud by its own policies, and takes no envelope there", () => {
    const bucket = "//storage.googleapis.com/projects/_/buckets/acme";
    const bindings = [{ role: "roles/storage.objectViewer", members: ["user:alice@acme.com"] }];
    const roles = [{ name: "roles/storage.objectViewer", includedPermissions: ["storage.objects.get"] }];
    const policies = JSON.stringify({ resources: [{ name: bucket, parent: null, policy: { bindings } }], roles });
    const queries = ["alice", "bob"].map((name) =>
      JSON.stringify({ principal: `user:${name}@acme.com`, permission: "storage.objects.get", resource: bucket }),
    );
    const files = { "p.json": policies, "q.jsonl": queries.join("\n") };
    const args = ["verify", "reason", "iam", "--cloud", "gcp", "--policies", "p.json"];
    const { answers, exitCode } = biplane(files, ...args, "--queries", "q.jsonl");
    expect(answers.map((answer) => JSON.parse(answer).decision)).toEqual(["allow", "deny"]);
    expect(exitCode).toBe(0);
    expect(biplane(files, ...args, "--envelope", "p.json")).toMatchObject({ answers: [], exitCode: 3 });
  });

  it("answers for Azure by its role assignments", () => {
    const scope = "/subscriptions/11111111-1111-4111-8111-111111111111";
    const [alice, bob] = ["aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"];
    const properties = { scope, principalId: alice, principalType: "User", roleDefinitionId: "/x/reader" };
    const roleDefinitions = [{ id: "/x/reader", properties: { permissions: [{ actions: ["*/read"] }] } }];
    const policies = JSON.stringify({ roleDefinitions, roleAssignments: [{ properties }] });
    const action = "Microsoft.KeyVault/vaults/read";
    const queries = [alice, bob].map((principal) => JSON.stringify({ principal, action, resource: `${scope}/x` }));
    const files = { "p.json": policies, "q.jsonl": queries.join("\n") };
    const args = ["verify", "reason", "iam", "--cloud", "azure", "--policies", "p.json", "--queries", "q.jsonl"];
    const { answers, exitCode } = biplane(files, ...args);
    expect(answers.map((answer) => JSON.parse(answer).decision)).toEqual(["allow", "deny"]);
    expect(exitCode).toBe(0);
  });

  it("starts at once: what it loads is the parser and the schemas, and no cloud's library", async () => {
    const { metafile } = await build({
      entryPoints: [join(checkout, "cli/commands/reason.ts"), join(checkout, "cli/main.ts")],
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      packages: "external",
      outdir: "nowhere",
      write: false,
      metafile: true,
    });
    const loaded = loadedBy(metafile, ["nowhere/commands/reason.js", "nowhere/main.js"]);
    expect(loaded.filter((name) => !name.startsWith("node:"))).toEqual(["commander", "yaml", "zod"]);
  });

  it.each([
    [
      "a wrong line",
      ["--manifests", "role.yaml", "--queries", "q.jsonl"],
      /q\.jsonl line 2: verb is 5; allowed: a verb, such as get\. See docs/,
    ],
    [
      "no questions",
      ["--manifests", "role.yaml"],
      /allowed: --manifests DIR with --queries FILE, or --covers A\.yaml B\.yaml\nSee \.\/biplane verify reason rbac --help/,
    ],
    [
      "a folder that is not there",
      ["--manifests", "gone", "--queries", "none.jsonl"],
      /manifests is "gone"; allowed: a folder that can be read/,
    ],
    ["one file too few", ["--covers", "role.yaml"], /covers is \["role\.yaml"\]; allowed: two files/],
  ])("answers %s with 3, and nothing else", (_, args, message) => {
    const files = {
      "role.yaml": role,
      "q.jsonl": '{"user":"a","verb":"get","resource":"pods"}\n{"user":"a","verb":5}\n',
      "none.jsonl": "",
    };
    const { answers, stderr, exitCode } = biplane(files, "verify", "reason", "rbac", ...args);
    expect(stderr).toMatch(message);
    expect({ answers, exitCode }).toEqual({ answers: [], exitCode: 3 });
  });
});

/** Packages that the outputs import at once; what is imported only when it is needed does not count. */
function loadedBy({ outputs }: Metafile, names: readonly string[]): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const { path, kind, external } of outputs[name]?.imports ?? []) {
      if (kind !== "import-statement") continue;
      if (external) packages.add(path);
      else visit(path);
    }
  };
  names.forEach(visit);
  return [...packages].sort();
}
