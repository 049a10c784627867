import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import {
  ApplicationService,
  type ServiceAccount,
  ServiceAccountSchema,
} from "../../gen/biplane/identity/v1/identity_pb.js";
import { asked, connectApi } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { plainTable, printJson } from "../print.ts";
import { intoSecretFile } from "../secret-file.ts";

const client = async (config: string | undefined) => createClient(ApplicationService, await connectApi(config));

export async function serviceAccountCreate(options: CommandOptions<"serviceAccountCreate">): Promise<number> {
  const { name, description, role = "", project = "", domain, to, config } = options;
  const applications = await client(config);
  const places = domain === undefined ? [] : [{ project, domain }];
  const account = await intoSecretFile(to, async () => {
    const made = await asked(applications.createServiceAccount({ name, description, role, places }));
    return { secret: made.clientSecret, made: made.account };
  });
  process.stdout.write(`${account?.clientId} is made; its client secret is in ${to}.\n`);
  return 0;
}

export async function serviceAccountList({ json, config }: CommandOptions<"serviceAccountList">): Promise<number> {
  const { accounts } = await asked((await client(config)).listServiceAccounts({}));
  if (json) {
    const told = accounts.map((account) => toJson(ServiceAccountSchema, account));
    printJson(told);
    return 0;
  }
  const head = ["client id", "role", "where", "", "description"];
  const table = plainTable(head);
  for (const account of accounts) {
    const { clientId, role, declared, description } = account;
    table.push([clientId, role, where(account), declared ? "declared" : "", description]);
  }
  process.stdout.write(`${table.toString()}\n${accounts.length} service accounts\n`);
  return 0;
}

export async function serviceAccountDelete(options: CommandOptions<"serviceAccountDelete">): Promise<number> {
  const { id: clientId, config } = options;
  await asked((await client(config)).deleteServiceAccount({ clientId }));
  process.stdout.write(`${clientId} is deleted; refused everywhere within a minute.\n`);
  return 0;
}

function where({ places, role }: ServiceAccount): string {
  if (role === "none") return "by policies";
  if (places.length === 0) return "everywhere";
  return places.map(({ project, domain }) => (project === "" ? `every ${domain}` : `${project}/${domain}`)).join("\n");
}
