/** What a build is refused before anything is made: its base, its target, and where its context lies. */
import { describe, expect, test } from "vitest";
import { defaultTags } from "../../../components/image-builder/tags.ts";
import { requireApproved } from "./bases.ts";
import { requireWithin } from "./context.ts";
import { targetOf } from "./target.ts";
import { Turns } from "./turns.ts";

describe("the base image", () => {
  const approved = ["registry.test/biplane", "ghcr.io", "docker.io/library/python"];

  test.each([
    "registry.test/biplane/task:1",
    `registry.test/biplane/task@sha256:${"0".repeat(64)}`,
    "ghcr.io/a/b",
    "python:3.12",
  ])("%s is of an approved registry", (base) => expect(() => requireApproved(base, approved)).not.toThrow());

  test.each([
    "quay.io/a/b",
    "registry.test/biplane-evil/task",
    "ghcr.io:444/a/b",
    "ghcr.io.evil.test/a",
    "debian:12",
    "python-evil:1",
    "docker.io/evil/python",
  ])("%s is refused, with what is allowed", (base) => {
    expect(() => requireApproved(base, approved)).toThrow(
      /allowed: from an approved registry \(registry\.test\/biplane, /,
    );
  });

  test.each(["", "ghcr.io/a b", "ghcr.io/a\nUSER 0", "scratch AS x"])("%j is no image", (base) => {
    expect(() => requireApproved(base, [...approved, "docker.io"])).toThrow("an image's name");
  });
});

describe("the target", () => {
  const repository = { url: "1.dkr.ecr.test/union/tasks", tags: defaultTags };
  const space = { project: "demo", domain: "production" };

  test("is a tag of the plane's one repository, known by name and version", () => {
    const wanted = { family: /^env-[\w.-]+$/, tag: "env-v1" };
    expect(targetOf("env:v1", repository, space)).toEqual(wanted);
    expect(targetOf("1.dkr.ecr.test/union/tasks/env:v1", repository, space)).toEqual(wanted);
  });

  test("is called by the customer's rule, and its other versions are known by it", () => {
    const tags = "release_{version}.{domain}-{project}.{name}";
    const { tag, family } = targetOf("env.a:v1", { ...repository, tags }, space);
    expect(tag).toBe("release_v1.production-demo.env.a");
    expect(family.test("release_v2.5-rc.production-demo.env.a")).toBe(true);
    for (const other of ["release_v2.production-other.env.a", "release_v2.production-demo.envXa", "env.a-v1"])
      expect(family.test(other), other).toBe(false);
  });

  test.each(["evil.test/env:v1", "1.dkr.ecr.test/other/env:v1"])("%s lies elsewhere, and is refused", (wished) => {
    expect(() => targetOf(wished, repository, space)).toThrow("allowed: 1.dkr.ecr.test/union/tasks");
  });

  test.each(["env", "env:", `env:${"v".repeat(128)}`, "env:a b"])("%s names none", (wished) => {
    expect(() => targetOf(wished, repository, space)).toThrow("target_image");
  });

  test("is none where the customer's rule makes it too long, which the refusal names", () => {
    const tags = `${"x".repeat(120)}{name}-{version}`;
    expect(() => targetOf("env:v12345", { ...repository, tags }, space)).toThrow(`as ${tags}`);
  });
});

describe("the context's URL", () => {
  const root = new URL("https://s3.test/bundles/x?X-Amz-Signature=1");
  const place = "acme/demo/development";

  test("is of an object below the asking project's place", () => {
    expect(() =>
      requireWithin(`https://s3.test/bundles/${place}/a/context.tar.gz?X-Amz-Signature=2`, root, place),
    ).not.toThrow();
  });

  test.each([
    "https://169.254.169.254/latest/meta-data",
    "http://s3.test/bundles/acme/demo/development/a",
    "https://s3.test/bundles/acme/other/development/a",
    "https://s3.test/metadata/acme/demo/development/a",
    "https://s3.test/bundles/acme/demo/development/../../other/development/a",
    "https://s3.test/bundles/acme/demo/development/%2e%2e/%2e%2e/other/a",
    "https://s3.test/bundles/acme/demo/development/..%2f..%2fother/a",
    "file:///etc/passwd",
    "context",
  ])("%s is refused", (url) => {
    expect(() => requireWithin(url, root, place)).toThrow("the URL of the build's context");
  });
});

describe("turns", () => {
  test("so many work at once, and who waits comes in turn", async () => {
    const turns = new Turns(1);
    const order: string[] = [];
    const signal = new AbortController().signal;
    let end = () => {};
    const first = turns.take(
      signal,
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
          order.push("first");
        }),
    );
    const gone = new AbortController();
    const left = turns.take(gone.signal, async () => void order.push("left"));
    const last = turns.take(signal, async () => void order.push("last"));
    gone.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    end();
    await Promise.all([first, last]);
    expect(order).toEqual(["first", "last"]);
    await expect(turns.take(signal, async () => "free")).resolves.toBe("free");
  });
});
