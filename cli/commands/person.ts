import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { PeopleService, PersonSchema } from "../../gen/biplane/identity/v1/identity_pb.js";
import { asked, connectApi } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { plainTable, printJson, timeText } from "../print.ts";

const client = async (config: string | undefined) => createClient(PeopleService, await connectApi(config));

export async function personList({ json, config }: CommandOptions<"personList">): Promise<number> {
  const { people } = await asked((await client(config)).listPeople({}));
  if (json) {
    printJson(people.map((person) => toJson(PersonSchema, person)));
    return 0;
  }
  const table = plainTable(["person", "role by groups", "signed in", "sessions"]);
  for (const { subject, role, signedInAt, sessions } of people) {
    table.push([subject, role, timeText(signedInAt), sessions]);
  }
  process.stdout.write(`${table.toString()}\n${people.length} people\n`);
  return 0;
}

export async function personSignOut({ subject, config }: CommandOptions<"personSignOut">): Promise<number> {
  const { sessions, apiKeys } = await asked((await client(config)).revokeSignIns({ subject }));
  process.stdout.write(
    `${subject}: ${sessions} sessions and ${apiKeys} API keys are ended; refused everywhere within a minute.\n`,
  );
  return 0;
}
