import type { V1Pod } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it } from "vitest";
import { secretAnnotations } from "../../../components/secrets/names.ts";
import type { SecretBackend } from "./backend.ts";
import { openCatalogue } from "./catalogue.ts";
import { type Gift, give, type PatchOperation } from "./give.ts";
import { kubernetesBackend } from "./kubernetes-backend.ts";
import { memoryShards } from "./testing/memory-shards.ts";
import { givenAnnotation, type Wish, wishesAnnotation } from "./wishes.ts";

const scope = { project: "demo", domain: "development" };
const owner = { apiVersion: "flyte.org/v1", kind: "TaskAction", name: "r-a0", uid: "uid-1", blockOwnerDeletion: true };
let backend: SecretBackend;

beforeEach(() => {
  backend = kubernetesBackend(openCatalogue(memoryShards()));
});

const put = (project: string, domain: string, name: string, value: string | Buffer = `${project}/${domain}/${name}`) =>
  backend.create({ project, domain, name }, Buffer.from(value));

function podOf(wishes: unknown, more: Partial<NonNullable<V1Pod["spec"]>> = {}, owners = [owner]): V1Pod {
  return {
    metadata: {
      name: "r-a0-0",
      annotations: { "biplane.dev/secrets": JSON.stringify(wishes), other: "kept" },
      ownerReferences: owners,
    },
    spec: { containers: [{ name: "main", env: [{ name: "HOME", value: "/home" }] }], ...more },
  };
}

const env = (name: string, variable: string): Wish => ({ as: "env", name, variable });
const file = (name: string): Wish => ({ as: "file", name });
const given = (wishes: unknown, more?: Partial<NonNullable<V1Pod["spec"]>>) =>
  give(podOf(wishes, more), "demo-development", scope, backend);
const at = ({ patch }: Gift, path: string) => patch.find((each: PatchOperation) => each.path === path)?.value;
const held = ({ secret }: Gift) =>
  Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([name, text]) => [name, Buffer.from(text, "base64").toString()]),
  );

describe("a pod that asks for secrets", () => {
  it("gets one as a variable and one as a file, from a Secret beside it, and no value in its specification", async () => {
    await put("demo", "development", "by-env");
    await put("demo", "development", "by-file");
    const gift = await given([env("by-env", "BY_ENV"), file("by-file")]);
    const name = gift.secret.metadata?.name ?? "";
    expect(held(gift)).toEqual({ "by-env": "demo/development/by-env", "by-file": "demo/development/by-file" });
    expect(gift.secret).toMatchObject({ immutable: true, metadata: { namespace: "demo-development" } });
    expect(at(gift, "/spec/containers/0/env")).toEqual([
      { name: "HOME", value: "/home" },
      { name: "BY_ENV", valueFrom: { secretKeyRef: { name, key: "by-env" } } },
    ]);
    expect(at(gift, "/spec/containers/0/volumeMounts")).toEqual([
      { name: "task-secrets", mountPath: "/etc/flyte/secrets", readOnly: true },
    ]);
    expect(at(gift, "/spec/volumes")).toEqual([
      {
        name: "task-secrets",
        secret: { secretName: name, items: [{ key: "by-file", path: "by-file" }], defaultMode: 0o440 },
      },
    ]);
    expect(at(gift, "/metadata/annotations")).toMatchObject({ other: "kept", "biplane.dev/secrets-from": name });
    expect(JSON.stringify(gift.patch)).not.toContain("demo/development/");
  });

  it("has the Secret go with its action, which no finalizer of its pods then waits for", async () => {
    await put("demo", "development", "key");
    const gift = await given([env("key", "KEY")]);
    const { blockOwnerDeletion: _, ...reference } = owner;
    expect(gift.secret.metadata?.ownerReferences).toEqual([reference]);
  });

  it("replaces a variable of the same name, in every container, and mounts nothing without a file", async () => {
    await put("demo", "development", "key");
    const gift = await given([env("key", "HOME")], { initContainers: [{ name: "first" }] });
    const name = gift.secret.metadata?.name;
    for (const kind of ["containers", "initContainers"]) {
      expect(at(gift, `/spec/${kind}/0/env`)).toEqual([
        { name: "HOME", valueFrom: { secretKeyRef: { name, key: "key" } } },
      ]);
      expect(at(gift, `/spec/${kind}/0/volumeMounts`)).toEqual([]);
    }
    expect(at(gift, "/spec/volumes")).toBeUndefined();
  });

  it("gets the nearest of a name: its own, the project's, the domain's, the organisation's", async () => {
    const nearest = async () => held(await given([env("key", "KEY")])).key;
    for (const [project, domain] of [
      ["", ""],
      ["", "development"],
      ["demo", ""],
      ["demo", "development"],
    ] as const) {
      await put(project, domain, "key");
      expect(await nearest()).toBe(`${project}/${domain}/key`);
    }
  });

  it.each([
    ["of another project", "other", "development"],
    ["of another domain", "demo", "production"],
    ["that a whole other project has", "other", ""],
    ["that a whole other domain has", "", "production"],
  ])(
    "is refused a secret %s, told where it was looked for, and not whether it is elsewhere",
    async (_, project, domain) => {
      await put(project, domain, "key");
      const refused = await given([env("key", "KEY")]).catch((error: unknown) => String(error));
      expect(refused).toMatch(
        /^WishError: the task asks for secret "key", which neither project demo in domain development/,
      );
      expect(refused).toContain("flyte create secret key --project demo --domain development");
      expect(await given([env("absent", "KEY")]).catch((error: unknown) => String(error))).toBe(
        String(refused).replaceAll("key", "absent"),
      );
    },
  );

  it.each([
    ["nothing", []],
    ["a name that leaves the folder", [{ as: "file", name: "../token" }]],
    ["what is no variable", [{ as: "env", name: "key", variable: "A=B" }]],
    [
      "another project's by a word that we do not know",
      [{ as: "env", name: "key", variable: "KEY", project: "other" }],
    ],
    ["more than a list", { as: "file", name: "key" }],
  ])("is refused %s", async (_, wishes) => {
    await put("demo", "development", "key");
    await expect(given(wishes)).rejects.toThrow(/is not a list of secrets/);
  });

  it("is refused where it belongs to no action", async () => {
    await put("demo", "development", "key");
    const stranger = { ...owner, kind: "Job", apiVersion: "batch/v1" };
    const pod = podOf([env("key", "KEY")], {}, [stranger]);
    await expect(give(pod, "demo-development", scope, backend)).rejects.toThrow(/belongs to none/);
  });

  it.each([
    ["bytes that are no text", Buffer.from([0xff, 0xfe])],
    ["a NUL", Buffer.from("a\0b")],
  ])("is refused %s as a variable, and gets them as a file", async (_, value) => {
    await put("demo", "development", "key", value);
    await expect(given([env("key", "KEY")])).rejects.toThrow(/holds bytes that are no text.*as a file/);
    expect((await given([file("key")])).secret.data?.key).toBe(value.toString("base64"));
  });

  it("is given the same Secret again for the same values, and another one for a new value or another action", async () => {
    await put("demo", "development", "key");
    const nameNow = async (uid = "uid-1") => {
      const pod = podOf([env("key", "KEY")], {}, [{ ...owner, uid }]);
      return (await give(pod, "demo-development", scope, backend)).secret.metadata?.name;
    };
    const first = await nameNow();
    expect(await nameNow()).toBe(first);
    expect(await nameNow("uid-2")).not.toBe(first);
    await backend.update({ ...scope, name: "key" }, Buffer.from("new"));
    expect(await nameNow()).not.toBe(first);
  });
});

it("the kit's webhook and policies look for the very annotations that executor and webhook write", () => {
  expect(secretAnnotations).toEqual({ asked: wishesAnnotation, given: givenAnnotation });
});
