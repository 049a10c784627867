/** An image specification as the Dockerfile that BuildKit reads: pure, and the place where its texts are doubted. */
import type { ImageSpec, Layer, PipOptions } from "../../../gen/flyteidl2/imagebuilder/definition_pb.js";
import { invalid } from "../../shared/errors.ts";

/** The context that holds `uv`, beside the caller's own. */
export const programsContext = "programs";

const programs = "/opt/biplane-programs";
const withPrograms = `--mount=type=bind,from=${programsContext},target=${programs}`;

/** Into the environment that the image works in: its own, or the system's. */
const install =
  `exec ${programs}/uv pip install --no-cache ` +
  `$([ -n "\${VIRTUAL_ENV:-}" ] || echo --system --break-system-packages) "$@"`;
const aptInstall =
  "export DEBIAN_FRONTEND=noninteractive; apt-get update; " +
  `apt-get install -y --no-install-recommends "$@"; rm -rf /var/lib/apt/lists/*`;

/** What task images run as: nothing in a build is made by it. */
const taskUser = "65532:65532";

/** @throws ConnectError for what a layer asks for and is not built here */
export function renderDockerfile({ baseImage, layers }: ImageSpec): string {
  return `${[`FROM ${baseImage}`, "USER 0:0", ...layers.flatMap(renderLayer), `USER ${taskUser}`].join("\n")}\n`;
}

function renderLayer({ layer }: Layer): string[] {
  if (layer.value && "secretMounts" in layer.value && layer.value.secretMounts.length > 0) {
    throw invalid({ subject: "secret_mounts", allowed: "none: builds are given no secrets" });
  }
  switch (layer.case) {
    case "aptPackages":
      return layer.value.packages.length > 0 ? [shell(aptInstall, layer.value.packages)] : [];
    case "pipPackages":
      if (layer.value.packages.length === 0) return [];
      return [pip([], [...pipFlags(layer.value.options), "--", ...layer.value.packages])];
    case "requirements": {
      const mount = `--mount=type=bind,source=${inContext(layer.value.file)},target=/tmp/requirements.txt`;
      return [pip([mount], [...pipFlags(layer.value.options), "-r", "/tmp/requirements.txt"])];
    }
    case "pythonWheels": {
      const mount = `--mount=type=bind,source=${inContext(layer.value.dir)},target=/tmp/wheels`;
      const flags = ["--find-links", "/tmp/wheels", ...pipFlags(layer.value.options)];
      return [pip([mount], [...flags, "--", layer.value.packageName])];
    }
    case "uvProject":
      return [uvProject(layer.value)];
    case "commands":
      return layer.value.cmd.map((command) => shell(command, []));
    case "env":
      return Object.entries(layer.value.envVariables).map(([name, value]) => `ENV ${variable(name)}=${quoted(value)}`);
    case "workdir":
      return [`WORKDIR ${plainPath("workdir", layer.value.workdir)}`];
    case "copyConfig":
      return [`COPY ${json([inContext(layer.value.src), plainPath("copy: dst", layer.value.dst)])}`];
    default:
      throw invalid({
        subject: "a layer of the image",
        value: layer.case,
        allowed: "apt packages, pip packages, requirements, wheels, uv projects, commands, env, workdir, copy",
      });
  }
}

/** Its dependencies as the lock names them, and the project itself unless the caller leaves it out. */
function uvProject({ pyproject, sourceDir, uvlock, options }: Extract<Layer["layer"], { case: "uvProject" }>["value"]) {
  const source = sourceDir && sourceDir !== "." ? sourceDir : pyproject;
  const inside = pyproject === source ? "." : pyproject.slice(source.length + 1);
  const flags = pipFlags(options);
  const only = flags.includes("--no-install-project") ? ["--no-emit-project"] : [];
  const rest = flags.filter((flag) => flag !== "--no-install-project");
  const mounts = [
    `--mount=type=bind,source=${inContext(source)},target=/tmp/project,rw`,
    ...(uvlock ? [`--mount=type=bind,source=${inContext(uvlock)},target=/tmp/uv.lock`] : []),
  ];
  const exported = [`${programs}/uv export --quiet --no-dev --no-editable --no-hashes`, ...only];
  const script = [
    `cd ${shellWord(`/tmp/project/${inside}`)}`,
    ...(uvlock
      ? ["[ -e uv.lock ] || cp /tmp/uv.lock uv.lock", `${exported.join(" ")} --frozen -o /tmp/locked.txt`]
      : []),
    ...(uvlock ? [] : [`${exported.join(" ")} -o /tmp/locked.txt`]),
    `set -- -r /tmp/locked.txt "$@"`,
    install,
  ];
  return `RUN ${[withPrograms, ...mounts].join(" ")} ${exec(script.join("\n"), rest)}`;
}

function pip(mounts: string[], args: string[]): string {
  return `RUN ${[withPrograms, ...mounts].join(" ")} ${exec(install, args)}`;
}

function pipFlags(options: PipOptions | undefined): string[] {
  if (!options) return [];
  const { indexUrl, extraIndexUrls, pre, extraArgs } = options;
  return [
    ...(indexUrl ? ["--index-url", indexUrl] : []),
    ...extraIndexUrls.flatMap((url) => ["--extra-index-url", url]),
    ...(pre ? ["--prerelease=allow"] : []),
    ...extraArgs.split(/\s+/).filter((arg) => arg !== ""),
  ];
}

function shell(script: string, args: readonly string[]): string {
  return `RUN ${exec(script, args)}`;
}

/** As a list, so that no text of the caller's ends the line or begins another instruction. */
function exec(script: string, args: readonly string[]): string {
  return json(["/bin/sh", "-ec", script, ...(args.length > 0 ? ["sh", ...args] : [])]);
}

/** JSON without `<`, by which a Dockerfile begins a text of several lines. */
function json(words: readonly string[]): string {
  return JSON.stringify(words).replaceAll("<", "\\u003c");
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function variable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw invalid({ subject: "env: a variable's name", value: name, allowed: "letters, digits and _" });
}

function quoted(value: string): string {
  if (/[\r\n\0]/.test(value)) throw invalid({ subject: "env: a value", allowed: "text of one line" });
  return `"${value.replace(/[\\"$]/g, "\\$&")}"`;
}

function plainPath(subject: string, path: string): string {
  if (path !== "" && /^[\w./@+:,=~-]+$/.test(path)) return path;
  throw invalid({ subject, value: path.slice(0, 200), allowed: "a path of letters, digits and ./@+:,=~_-" });
}

function inContext(path: string): string {
  const plain = plainPath("a path in the build's context", path);
  if (!plain.startsWith("/") && !plain.split("/").includes("..") && !plain.includes(",")) return plain;
  throw invalid({ subject: "a path in the build's context", value: path, allowed: "one below the context's folder" });
}
