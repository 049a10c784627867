import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ImageSpecSchema, type LayerSchema } from "../../../gen/flyteidl2/imagebuilder/definition_pb.js";
import { renderDockerfile } from "./dockerfile.ts";

type Layer = NonNullable<MessageInitShape<typeof LayerSchema>["layer"]>;

const rendered = (...layers: Layer[]) =>
  renderDockerfile(
    create(ImageSpecSchema, { baseImage: "registry.test/base:1", layers: layers.map((layer) => ({ layer })) }),
  );
/** What stands between the base and the last line, which are always there. */
const lines = (...layers: Layer[]) =>
  rendered(...layers)
    .split("\n")
    .slice(2, -2);

test("a build starts as root from its base, and ends as the task's own user", () => {
  expect(rendered()).toBe("FROM registry.test/base:1\nUSER 0:0\nUSER 65532:65532\n");
});

test("each kind of layer becomes one instruction, and packages are arguments of their own", () => {
  const [apt, pip, command, env, workdir, copy] = lines(
    { case: "aptPackages", value: { packages: ["git", "curl"] } },
    {
      case: "pipPackages",
      value: { packages: ["numpy<2", "pandas"], options: { indexUrl: "https://index.test/simple", pre: true } },
    },
    { case: "commands", value: { cmd: ["make all"] } },
    { case: "env", value: { envVariables: { GREETING: 'a "b" $c \\d' } } },
    { case: "workdir", value: { workdir: "/work" } },
    { case: "copyConfig", value: { src: "src", dst: "/app/src" } },
  );
  expect(apt).toMatch(/^RUN \["\/bin\/sh","-ec",".*apt-get install.*","sh","git","curl"\]$/);
  expect(pip).toMatch(/^RUN --mount=type=bind,from=programs,target=\S+ \[/);
  expect(pip).toContain(
    `"--index-url","https://index.test/simple","--prerelease=allow","--","numpy\\u003c2","pandas"]`,
  );
  expect(command).toBe('RUN ["/bin/sh","-ec","make all"]');
  expect(env).toBe('ENV GREETING="a \\"b\\" \\$c \\\\d"');
  expect(workdir).toBe("WORKDIR /work");
  expect(copy).toBe('COPY ["src","/app/src"]');
});

test("a project of uv's is installed as its lock names it, with or without itself", () => {
  const project = (extraArgs: string) =>
    lines({
      case: "uvProject",
      value: { pyproject: "app", uvlock: "app/uv.lock", sourceDir: "app", options: { extraArgs } },
    })[0];
  expect(project("--no-install-project")).toContain("--no-emit-project --frozen");
  expect(project("")).not.toContain("--no-emit-project");
  expect(project("")).toContain("source=app,target=/tmp/project,rw");
});

test.each(["true\nFROM evil.test/base", "cat <<EOF\nFROM evil.test/base\nEOF", "true \\\nUSER 0"])(
  "no text of the caller's begins another instruction: %j",
  (command) => {
    expect(lines({ case: "commands", value: { cmd: [command] } })).toHaveLength(1);
    const packages = lines(
      { case: "pipPackages", value: { packages: [command] } },
      { case: "aptPackages", value: { packages: [command] } },
    );
    expect(packages).toHaveLength(2);
    for (const line of packages) expect(line).not.toContain("<<");
  },
);

const refused: [string, Layer][] = [
  ["env: a value", { case: "env", value: { envVariables: { A: "b\nUSER 0" } } }],
  ["env: a variable's name", { case: "env", value: { envVariables: { "A B": "c" } } }],
  ["workdir", { case: "workdir", value: { workdir: "/w\nUSER 0" } }],
  ["a path in the build's context", { case: "copyConfig", value: { src: "../other", dst: "/x" } }],
  ["a path in the build's context", { case: "requirements", value: { file: "/etc/passwd" } }],
  ["copy: dst", { case: "copyConfig", value: { src: "a", dst: "/x\nUSER 0" } }],
  ["secret_mounts", { case: "commands", value: { cmd: ["true"], secretMounts: [{ key: "token" }] } }],
  ["a layer of the image", { case: "poetryProject", value: { pyproject: "app" } }],
];
test.each(refused)("what cannot be rendered safely is refused: %s", (subject, layer) => {
  expect(() => lines(layer)).toThrow(subject);
});
