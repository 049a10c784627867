/** StaffAccessService: an organisation lets the region's staff in for a while, sees whom it let in, and takes it back. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { StaffAccessService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { isStaffRole, staffRoleNames } from "../../shared/auth/permissions.ts";
import { invalid, notFound } from "../../shared/errors.ts";
import type { StaffGrant, StaffGrantStore } from "./staff-grants.ts";

type Store = Pick<StaffGrantStore, "grant" | "list" | "revoke">;

const defaultHours = 8;
/** A week. */
const maxHours = 168;

export function staffAccessService(store: Store): ServiceImpl<typeof StaffAccessService> {
  return {
    async grantStaffAccess({ subject: address, role, hours, reason }, context) {
      const { org, subject: grantedBy } = callerOf(context);
      const subject = address.toLowerCase();
      if (!/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(subject) || subject.length > 256) {
        throw invalid({ subject: "subject", value: address.slice(0, 80), allowed: "an e-mail address" });
      }
      if (!isStaffRole(role)) {
        throw invalid({ subject: "role", value: role.slice(0, 80), allowed: staffRoleNames.join(" or ") });
      }
      if (hours > maxHours) throw invalid({ subject: "hours", value: hours, allowed: `1 to ${maxHours}` });
      if (!/^\P{Cc}{1,200}$/u.test(reason)) {
        throw invalid({ subject: "reason", value: reason.slice(0, 80), allowed: "1 to 200 characters on one line" });
      }
      return {
        grant: view(await store.grant(org, { subject, role, reason, grantedBy, hours: hours || defaultHours })),
      };
    },
    async listStaffGrants(_request, context) {
      return { grants: (await store.list(callerOf(context).org)).map(view) };
    },
    async revokeStaffAccess({ grantId }, context) {
      const { org } = callerOf(context);
      if ((await store.revoke(org, grantId)) === "not-found") {
        throw notFound(`the grant ${JSON.stringify(grantId.slice(0, 64))}`);
      }
      return {};
    },
  };
}

function view({ grantedAt, expiresAt, revokedAt, ...rest }: StaffGrant) {
  return {
    ...rest,
    grantedAt: timestampFromDate(grantedAt),
    expiresAt: timestampFromDate(expiresAt),
    ...(revokedAt ? { revokedAt: timestampFromDate(revokedAt) } : {}),
  };
}
