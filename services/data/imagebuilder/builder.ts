/** One build from its specification to an image in the repository. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import type { BuildRequest } from "../../../gen/biplane/images/v1/images_pb.js";
import { type ImageSpec, ImageSpecSchema } from "../../../gen/flyteidl2/imagebuilder/definition_pb.js";
import type { ProjectDomain } from "../../shared/config.ts";
import { invalid } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { requireApproved } from "./bases.ts";
import { type BuildctlOptions, runBuildctl } from "./buildctl.ts";
import type { Contexts } from "./context.ts";
import type { Daemons } from "./daemons.ts";
import { renderDockerfile } from "./dockerfile.ts";
import type { FoundScan, Registry } from "./registry.ts";
import { targetOf } from "./target.ts";

export interface BuilderDeps {
  contexts: Contexts;
  daemons: Daemons;
  registry: Registry;
  buildctl: BuildctlOptions;
  /** The rule of its tags. */
  tags: string;
  approvedBases: readonly string[];
  log: Logger;
}

export interface Built {
  reference: string;
  tag: string;
  existed: boolean;
  scan: FoundScan;
}

export interface Asked extends Pick<BuildRequest, "specUrl" | "contextUrl" | "targetImage"> {
  space: ProjectDomain;
  /** `<org>/<project>/<domain>`: below it lie the objects that this build may be made of. */
  place: string;
}

/** Images whose layers are looked through: the last ones of that name. */
const cachedImages = 3;

/** @param tell is told each line of the log. @throws ConnectError */
export async function build(
  asked: Asked,
  deps: BuilderDeps,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Built> {
  const { contexts, daemons, registry, approvedBases, log } = deps;
  const { repository } = deps.buildctl;
  const target = targetOf(asked.targetImage, { url: repository, tags: deps.tags }, asked.space);
  const spec = specOf(await contexts.spec(asked.specUrl, asked.place));
  requireApproved(spec.baseImage, approvedBases);
  const dockerfile = renderDockerfile(spec);
  const done = async (digest: string, existed: boolean): Promise<Built> => {
    const scan = await registry.scanOf(digest, signal);
    return { reference: `${repository}@${digest}`, tag: target.tag, existed, scan };
  };

  const known = await registry.digestOf(target.tag);
  if (known) {
    tell(`${repository}:${target.tag} is there already`);
    return done(known, true);
  }
  const folder = await mkdtemp(join(tmpdir(), "build-"));
  try {
    await writeFile(join(folder, "Dockerfile"), dockerfile);
    const context = join(folder, "context");
    if (asked.contextUrl) await contexts.unpack(asked.contextUrl, asked.place, context);
    else await mkdir(context);
    const [cache, login] = await Promise.all([registry.latest(target.family, cachedImages), registry.login()]);
    tell(`building ${repository}:${target.tag} from ${spec.baseImage}`);
    const digest = await daemons.with(signal, async ({ pod, address }) => {
      log.info("a build begins", { pod, from: spec.baseImage, pushing: `${repository}:${target.tag}` });
      return runBuildctl({ address, folder, tag: target.tag, cache, login }, deps.buildctl, tell, signal);
    });
    log.info("an image was pushed", { image: `${repository}:${target.tag}`, digest });
    tell(`pushed ${repository}:${target.tag}@${digest}`);
    return done(digest, false);
  } catch (error) {
    // Another build of the same was faster, and a tag never moves.
    const now = signal.aborted ? undefined : await registry.digestOf(target.tag);
    if (now) return done(now, true);
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function specOf(bytes: Uint8Array): ImageSpec {
  try {
    return fromBinary(ImageSpecSchema, bytes);
  } catch (error) {
    throw invalid({ subject: "spec", value: String(error).slice(0, 200), allowed: "a serialised ImageSpec" });
  }
}
