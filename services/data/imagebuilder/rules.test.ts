/** What a build is refused before anything is made: its base, its target, and where its context lies. */
import { describe, expect, test } from "vitest";
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
  const repository = { url: "1.dkr.ecr.test/union/tasks" };

  test("is a tag of the plane's one repository, known by name and version", () => {
    const wanted = { family: "env-", tag: "env-v1" };
    expect(targetOf("env:v1", repository)).toEqual(wanted);
    expect(targetOf("1.dkr.ecr.test/union/tasks/env:v1", repository)).toEqual(wanted);
  });

  test.each(["evil.test/env:v1", "1.dkr.ecr.test/other/env:v1"])("%s lies elsewhere, and is refused", (wished) => {
    expect(() => targetOf(wished, repository)).toThrow("allowed: 1.dkr.ecr.test/union/tasks");
  });

  test.each(["env", "env:", `env:${"v".repeat(128)}`, "env:a b"])("%s names none", (wished) => {
    expect(() => targetOf(wished, repository)).toThrow("target_image");
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
