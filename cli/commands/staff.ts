import { toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { StaffAccessService, type StaffGrant, StaffGrantSchema } from "../../gen/biplane/identity/v1/identity_pb.js";
import { asked, connectApi } from "../api.ts";
import type { CommandOptions } from "../config.ts";
import { plainTable, printJson, timeText } from "../print.ts";

const client = async (config: string | undefined) => createClient(StaffAccessService, await connectApi(config));

export async function staffGrant({ config, ...request }: CommandOptions<"staffGrant">): Promise<number> {
  const { grant } = await asked((await client(config)).grantStaffAccess(request));
  const { grantId = "", subject = "", role = "", expiresAt } = grant ?? {};
  process.stdout.write(`${subject} is let in as ${role} until ${timeText(expiresAt)}: ${grantId}\n`);
  return 0;
}

export async function staffList({ json, config }: CommandOptions<"staffList">): Promise<number> {
  const { grants } = await asked((await client(config)).listStaffGrants({}));
  if (json) {
    printJson(grants.map((grant) => toJson(StaffGrantSchema, grant)));
    return 0;
  }
  const table = plainTable(["id", "who", "role", "until", "", "granted by", "reason"]);
  for (const grant of grants) {
    const { grantId, subject, role, expiresAt, grantedBy, reason } = grant;
    table.push([grantId, subject, role, timeText(expiresAt), standing(grant), grantedBy, reason]);
  }
  process.stdout.write(`${table.toString()}\n${grants.length} grants\n`);
  return 0;
}

function standing({ expiresAt, revokedAt }: StaffGrant): string {
  if (revokedAt) return "taken back";
  return expiresAt && timestampDate(expiresAt) > new Date() ? "" : "over";
}

export async function staffRevoke({ id, config }: CommandOptions<"staffRevoke">): Promise<number> {
  await asked((await client(config)).revokeStaffAccess({ grantId: id }));
  process.stdout.write(`${id} is taken back; refused everywhere within a minute.\n`);
  return 0;
}
