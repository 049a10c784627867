import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { withFolder } from "../testing/manifests.ts";
import { readJson } from "./json-file.ts";
import { readQueries } from "./jsonl.ts";
import { readManifests } from "./manifests.ts";

const read = (files: Record<string, string>) =>
  withFolder(files, (folder) => readManifests(folder).map(({ kind, name, namespace }) => ({ kind, name, namespace })));

describe("readJson", () => {
  it("reads a file that an editor marked, and says what is no JSON", () => {
    const readIn = (text: string) =>
      withFolder({ "p.json": text }, (folder) => readJson(`${folder}/p.json`, "policies"));
    expect(readIn('\uFEFF{"identity":[]}\r\n')).toEqual({ identity: [] });
    expect(() => readIn("{")).toThrow(/policies is ".*p\.json"; allowed: a JSON file \(/);
    expect(readIn('{"a": {"k": ":{", "l": [{"k": 1}, {"k": 2}]}, "k": 3}')).toMatchObject({ k: 3 });
    expect(() => readIn('{"S": [{"E": {"a": 1}, "\\u0045": {"b": 2}}]}')).toThrow(/the key "\\u0045" stands twice/);
  });
});

describe("readManifests", () => {
  it("reads documents, lists and typed lists, YAML and JSON, in the order of the files' names", () => {
    expect(
      read({
        "b.yaml":
          "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x}\n---\n# nothing\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: c}\n",
        "a.json": JSON.stringify({ apiVersion: "v1", kind: "PodList", items: [{ metadata: { name: "a" } }] }),
        "c.yml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: d}}\n",
        "notes.txt": "not a manifest",
      }),
    ).toEqual([
      { kind: "Pod", name: "a", namespace: undefined },
      { kind: "Pod", name: "b", namespace: "x" },
      { kind: "Pod", name: "c", namespace: undefined },
      { kind: "Namespace", name: "d", namespace: undefined },
    ]);
  });

  it("reads YAML as kubectl does: yes is true, a time is text, and so is 22:22", () => {
    const text =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: yes, at: 2026-01-01T00:00:00Z, port: 22:22}\n";
    const [pod] = withFolder({ "p.yaml": text }, readManifests);
    expect(pod?.object.spec).toEqual({ hostNetwork: true, at: "2026-01-01T00:00:00Z", port: "22:22" });
  });

  it("refuses aliases that lead nowhere or swell, and labels that are no text, with the file's name", () => {
    const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: true}}\n";
    expect(() => read({ "p.yaml": pod })).toThrow(
      /p\.yaml#1: metadata\.labels\.a is true; allowed: a string, which stands/,
    );
    expect(() => read({ "p.yaml": `${pod}spec: *gone\n` })).toThrow(
      /p\.yaml is "Unresolved alias.*; allowed: YAML or JSON/,
    );
    const row = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(",")}]\n`;
    const swells = [row("a", "x"), row("b", "*a"), row("c", "*b"), row("d", "*c")].join("");
    expect(() => read({ "p.yaml": pod + swells })).toThrow(/p\.yaml is "Excessive alias count/);
  });

  it("takes an object that stands twice for one, and refuses two of one name that differ", () => {
    const pod = (label: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: ${label}}}\n`;
    expect(read({ "1.yaml": pod("x"), "2.yaml": pod("x") })).toHaveLength(1);
    expect(() => read({ "1.yaml": pod("x"), "2.yaml": pod("z") })).toThrow(
      /2\.yaml#1: Pod is "p"; allowed: one object of that name, and .*1\.yaml#1 has another/,
    );
  });

  it("takes two for one whose keys stand in another order, or that say the usual namespace and do not", () => {
    const pod = (metadata: string) => `{"apiVersion": "v1", "kind": "Pod", "metadata": {${metadata}}}`;
    const first = pod('"name": "p", "labels": {"a": "x", "b": "y"}');
    const second = pod('"namespace": "default", "labels": {"b": "y", "a": "x"}, "name": "p"');
    expect(read({ "1.json": first, "2.json": second })).toHaveLength(1);
    const role = (more: string) =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r${more}}\n`;
    expect(() => read({ "1.yaml": `${role("")}rules: [{verbs: [get]}]\n`, "2.yaml": role(", namespace: q") })).toThrow(
      /one object of that name/,
    );
  });

  it("refuses a key that stands twice, in JSON as in YAML, and takes a Node of another API for what it is", () => {
    const pod = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"a": 1, "a": 2}}';
    expect(() => read({ "p.json": pod })).toThrow(/p\.json is ".*unique.*"; allowed: YAML or JSON/);
    const node = (home: string) =>
      `{apiVersion: example.com/v1, kind: Node, metadata: {name: node-1, namespace: ${home}}, of: ${home}}`;
    expect(read({ "1.yaml": node("a"), "2.yaml": node("b") })).toHaveLength(2);
  });

  it("refuses what cannot be read, and what holds itself, with the file's name", () => {
    expect(() => read({ "p.yaml": "metadata: &x {name: p, labels: *x}\n" })).toThrow(
      /p\.yaml is ".*"; allowed: YAML or JSON/,
    );
    const linked = (folder: string) => {
      symlinkSync(join(folder, "gone"), join(folder, "p.yaml"));
      return readManifests(folder);
    };
    expect(() => withFolder({}, linked)).toThrow(/manifests is ".*p\.yaml"; allowed: a file that can be read \(ENOENT/);
  });

  it.each([
    ["no manifest at all", { "a.txt": "" }, /manifests is ".*"; allowed: a folder, or a file, of Kubernetes objects/],
    ["text that is no YAML", { "a.yaml": "a: [" }, /a\.yaml is ".*"; allowed: YAML or JSON/],
    ["an object without kind", { "a.yaml": "apiVersion: v1" }, /a\.yaml#1: kind is missing; allowed: the kind of/],
    [
      "a label that is no text",
      { "a.yaml": "{apiVersion: v1, kind: Pod, metadata: {labels: {a: 1}}}" },
      /labels\.a is 1/,
    ],
  ])("refuses %s", (_, files, message) => {
    expect(() => read(files)).toThrow(message);
  });
});

describe("readQueries", () => {
  it("reads a file that begins with a byte order mark", () => {
    const files = { "q.jsonl": '\uFEFF{"a": 1}\r\n{"a": 2}\r\n' };
    const schema = z.object({ a: z.number() });
    expect(withFolder(files, (folder) => readQueries(`${folder}/q.jsonl`, schema, "x"))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  const queries = (text: string) =>
    withFolder({ q: text }, (folder) => readQueries(`${folder}/q`, z.strictObject({ a: z.int("a number") }), "a.json"));

  it("keeps the order and passes over empty lines", () => {
    expect(queries('{"a":2}\n\n{"a":1}\n')).toEqual([{ a: 2 }, { a: 1 }]);
  });

  it.each([
    ['{"a":1}\n\n{"a":', /q line 3 is "{\\"a\\":"; allowed: one JSON object .*\. See docs\/schemas\/a\.json\./],
    ['{"a":1}\n{"a":"x"}', /q line 2: a is "x"; allowed: a number/],
    ['{"a":1,"a":2}', /q line 1 is .*; allowed: one JSON object \(the key "a" stands twice/],
    ['{"a":1,"b":2}', /q line 1: b is 2; allowed: no field of this name\. See/],
  ])("names the line of %j", (text, message) => {
    expect(() => queries(text)).toThrow(message);
  });
});
