/** PeopleService: who has signed in by a browser, and the end of all that stands for one of them. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { PeopleService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { notFound } from "../../shared/errors.ts";
import type { SessionStore } from "./sessions.ts";

export function peopleService(sessions: Pick<SessionStore, "people" | "signOut">): ServiceImpl<typeof PeopleService> {
  return {
    async listPeople(_request, context) {
      const people = await sessions.people(callerOf(context).org);
      return {
        people: people.map(({ signedInAt, ...row }) => ({ ...row, signedInAt: timestampFromDate(signedInAt) })),
      };
    },
    async revokeSignIns({ subject }, context) {
      const ended = await sessions.signOut(callerOf(context).org, subject);
      if (ended === "not-found") throw notFound(`the person ${JSON.stringify(subject.slice(0, 256))}`);
      return ended;
    },
  };
}
