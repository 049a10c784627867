/** ProjectDirectoryService: the projects of one organisation, for its compute planes. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type {
  ProjectDirectoryService,
  WatchProjectsResponseSchema,
} from "../../../gen/biplane/projects/v1/projects_pb.js";
import { ProjectState } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { keepAliveMs } from "../../shared/limits.ts";
import { projectsChannel } from "../store/notify.ts";
import { readDirectory } from "../store/projects.ts";
import { readWhenever } from "../store/watch.ts";
import type { ActionsDeps } from "./children.ts";
import { planeOf } from "./compute-plane.ts";

type Message = MessageInitShape<typeof WatchProjectsResponseSchema>;

export function projectDirectoryService(deps: ActionsDeps): ServiceImpl<typeof ProjectDirectoryService> {
  return { watchProjects: (_, context) => watch(deps, planeOf(context).org, context.signal) };
}

/** The list when it is another than the last one; else a sign of life as often as it is read without a notification. */
async function* watch({ database, hub }: ActionsDeps, org: string, signal: AbortSignal): AsyncGenerator<Message> {
  let told: string | undefined;
  const read = () => readDirectory(database, org);
  for await (const rows of readWhenever(hub, { channel: projectsChannel, key: org }, signal, read, keepAliveMs)) {
    const text = JSON.stringify(rows);
    if (text === told) {
      yield { message: { case: "keepAlive", value: {} } };
      continue;
    }
    told = text;
    const projects = rows.map(({ id, domains, state }) => ({ id, domains, archived: isArchived(state) }));
    yield { message: { case: "projects", value: { projects } } };
  }
}

function isArchived(state: number): boolean {
  return state === ProjectState.ARCHIVED || state === ProjectState.SYSTEM_ARCHIVED;
}
