/** Users' secrets by the real client. */
import { stripVTControlCharacters } from "node:util";
import { flyte } from "../../sandbox/client.ts";
import { environment, here } from "./local-run.ts";

/**
 * The client may abort when its interpreter ends, all done (test/support/client.ts says why): then it is asked again, and
 * what the first had created or deleted is found so.
 * @returns what it printed
 */
export async function secret(verb: "create" | "get" | "delete", args: string[]): Promise<string> {
  const ask = () => flyte(here, environment, ["--no-progress", verb, "secret", ...args]);
  const first = await ask();
  const aborted = first.signal === "SIGABRT";
  const { stdout, stderr, exitCode } = aborted ? await ask() : first;
  const said = stripVTControlCharacters(`${stdout}${stderr}`).replace(/[\s│]+/g, " ");
  const done = { create: "already exists", delete: "does not exist", get: undefined }[verb];
  if (exitCode === 0 || (aborted && done !== undefined && said.includes(done))) return said;
  throw new Error(`flyte ${verb} secret ${args[0]}: ${said}`);
}
