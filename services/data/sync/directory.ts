/** Follows the region's list of projects through the tunnel. */
import type { Client } from "@connectrpc/connect";
import type { ProjectDirectoryService } from "../../../gen/biplane/projects/v1/projects_pb.js";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import type { KnownProject } from "./settings.ts";

export interface DirectoryOptions {
  client: Pick<Client<typeof ProjectDirectoryService>, "watchProjects">;
  onList(projects: KnownProject[]): void;
  log: Logger;
}

/** The region says something every 10 s. */
const silentMs = 25_000;

/** Runs until aborted; a lost stream is opened again within 5 s, at a random moment. What was told stays true meanwhile. */
export async function followProjects(options: DirectoryOptions, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const began = Date.now();
    try {
      await oneStream(options, signal);
    } catch (error) {
      if (!signal.aborted) options.log.warn("the list of projects was lost", { reason: messageOf(error) });
    }
    failures = Date.now() - began > silentMs ? 0 : failures + 1;
    await pause(Math.random() * Math.min(5_000, 250 * 2 ** failures), signal);
  }
}

async function oneStream({ client, onList }: DirectoryOptions, signal: AbortSignal): Promise<void> {
  const silence = new AbortController();
  const watchdog = setTimeout(() => silence.abort(new Error(`no word for ${silentMs} ms`)), silentMs);
  try {
    const stream = client.watchProjects({}, { signal: AbortSignal.any([signal, silence.signal]) });
    for await (const { message } of stream) {
      watchdog.refresh();
      if (message.case === "projects") onList(message.value.projects);
    }
  } finally {
    clearTimeout(watchdog);
  }
}
