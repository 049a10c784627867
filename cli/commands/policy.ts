import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { type Binding, ListResponseSchema, PolicyService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { asked, connectApi, readText } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { parsePolicyFile, renderPolicy, renderRole } from "../policy-file.ts";
import { plainTable, printJson } from "../print.ts";

const client = async (config: string | undefined) => createClient(PolicyService, await connectApi(config));
const named = (name: string, role: boolean) => ({ case: role ? ("role" as const) : ("policy" as const), value: name });

export async function policyApply({ file, config }: CommandOptions<"policyApply">): Promise<number> {
  const documents = parsePolicyFile(file, readText("--file", file));
  await asked((await client(config)).apply({ documents }));
  process.stdout.write(`${documents.length} applied; in force everywhere within a minute.\n`);
  return 0;
}

export async function policyGet({ name, role, config }: CommandOptions<"policyGet">): Promise<number> {
  const { found } = await asked((await client(config)).get({ named: named(name, role) }));
  if (found.case === "role") process.stdout.write(renderRole(found.value));
  if (found.case === "policy") process.stdout.write(renderPolicy(found.value));
  return 0;
}

export async function policyDelete({ name, role, config }: CommandOptions<"policyDelete">): Promise<number> {
  await asked((await client(config)).delete({ named: named(name, role) }));
  process.stdout.write(`${name} is deleted.\n`);
  return 0;
}

export async function policyList({ json, config }: CommandOptions<"policyList">): Promise<number> {
  const answer = await asked((await client(config)).list({}));
  if (json) {
    printJson(toJson(ListResponseSchema, answer));
    return 0;
  }
  const roles = plainTable(["role", "", "actions"]);
  for (const { name, builtin, actions } of answer.roles) {
    roles.push([name, builtin ? "built-in" : "", actions.join("\n")]);
  }
  const policies = plainTable(["policy", "", "bindings", "assigned to"]);
  for (const { name, builtin, bindings, assignees } of answer.policies) {
    const held = [...(assignees?.users ?? []), ...(assignees?.applications ?? [])];
    policies.push([name, builtin ? "built-in" : "", bindings.map(words).join("\n"), held.join("\n")]);
  }
  process.stdout.write(`${roles.toString()}\n${policies.toString()}\n`);
  return 0;
}

function words({ role, project, domain }: Binding): string {
  if (domain === "") return `${role} everywhere`;
  return `${role} in ${project === "" ? `every ${domain}` : `${project}/${domain}`}`;
}
