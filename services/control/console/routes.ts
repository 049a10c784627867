/** Which pages there are. Pure. */
import { consoleReturnPath } from "../identity/public-client.ts";

/** Everything below it is the console's own. */
export const own = "/console/";
export const signOutPath = `${own}sign-out`;

export interface Place {
  domain: string;
  project: string;
}

export type ConsoleRoute =
  | { page: "projects" }
  | ({ page: "runs" } & Place)
  | ({ page: "run"; run: string } & Place)
  | { page: "signed-in" }
  | { page: "sign-out" }
  | { page: "nothing" };

/** The same as those that the services take; they say what is wrong with it. */
const name = "[a-z0-9-]{1,63}";
const address = new RegExp(`^/v2/domain/(${name})/project/(${name})(?:/runs/(${name}))?$`);

/** @returns undefined for a path that is not the console's. */
export function consoleRoute(path: string): ConsoleRoute | undefined {
  if (path === "/") return { page: "projects" };
  if (path === consoleReturnPath) return { page: "signed-in" };
  if (path === signOutPath) return { page: "sign-out" };
  if (path.startsWith(own)) return { page: "nothing" };
  const [, domain, project, run] = address.exec(path) ?? [];
  if (domain === undefined || project === undefined) return undefined;
  return run === undefined ? { page: "runs", domain, project } : { page: "run", domain, project, run };
}

/** As the flyte client prints them. */
export const runsPath = ({ domain, project }: Place) => `/v2/domain/${domain}/project/${project}`;
export const runPath = (place: Place, run: string) => `${runsPath(place)}/runs/${run}`;

/** @returns what the page after is asked for by. */
export function afterOf(url: string | undefined): string {
  return new URLSearchParams(url?.split("?")[1]).get("after") ?? "";
}
