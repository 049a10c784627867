/** Follows the region's list of projects through the tunnel. */
import type { Client } from "@connectrpc/connect";
import type { ProjectDirectoryService } from "../../../gen/biplane/projects/v1/projects_pb.js";
import { keepStream } from "../../shared/kept-stream.ts";
import type { Logger } from "../../shared/log.ts";
import type { KnownProject } from "./settings.ts";

export interface DirectoryOptions {
  client: Pick<Client<typeof ProjectDirectoryService>, "watchProjects">;
  onList(projects: KnownProject[]): void;
  log: Logger;
}

/** Runs until aborted. What was told stays true while the region is away. */
export function followProjects({ client, onList, log }: DirectoryOptions, signal: AbortSignal): Promise<void> {
  return keepStream(
    {
      name: "the list of projects",
      log,
      open: (ending) => client.watchProjects({}, { signal: ending }),
      onMessage({ message }) {
        if (message.case === "projects") onList(message.value.projects);
      },
    },
    signal,
  );
}
