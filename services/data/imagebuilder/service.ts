/** ImageBuildService: who may have what built, and the log of it as it comes. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { BuildResponseSchema, ImageBuildService } from "../../../gen/biplane/images/v1/images_pb.js";
import type { ProjectDomain } from "../../shared/config.ts";
import { type BuilderDeps, build } from "./builder.ts";
import type { Asker } from "./task-token.ts";
import { Turns } from "./turns.ts";

export interface ServiceDeps extends BuilderDeps {
  org: string;
  /** By namespace. */
  projects: ReadonlyMap<string, ProjectDomain>;
  askerOf(authorization: string | null): Promise<Asker>;
  atOnce: number;
  /** Ends with the service. */
  stopping: AbortSignal;
}

type Answer = MessageInitShape<typeof BuildResponseSchema>;

export function imageBuildService(deps: ServiceDeps): ServiceImpl<typeof ImageBuildService> {
  const turns = new Turns(deps.atOnce);
  return {
    async *build(request, context) {
      const { namespace, pod } = await deps.askerOf(context.requestHeader.get("authorization"));
      const space = deps.projects.get(namespace);
      if (!space) throw new Error(`${namespace} is served and has no project`);
      const place = `${deps.org}/${space.project}/${space.domain}`;
      deps.log.info("a build is asked for", { namespace, pod, target: request.targetImage });
      const signal = AbortSignal.any([context.signal, deps.stopping]);
      const lines = new Lines();
      const built = turns
        .take(signal, () => build({ ...request, space, place }, deps, (line) => lines.put(line), signal))
        .finally(() => lines.end());
      // Told below, once all lines are.
      built.catch(() => undefined);
      for await (const log of lines) yield { event: { case: "log", value: log } } satisfies Answer;
      const { reference, tag, existed, scan } = await built;
      yield { event: { case: "image", value: { reference, tag, existed, scan } } } satisfies Answer;
    },
  };
}

/** Lines that one puts and another reads. */
class Lines {
  private readonly held: string[] = [];
  private ended = false;
  private wake: () => void = () => undefined;

  put(line: string): void {
    this.held.push(line);
    this.wake();
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      for (let line = this.held.shift(); line !== undefined; line = this.held.shift()) yield line;
      if (this.ended) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
