/** Where one of the region's staff, signed in, says which of the organisations that let them in they go to. */
import { z } from "zod";
import type { HttpRequest, HttpResponse } from "../../shared/http.ts";
import { type Purpose, purposeSchema } from "./browser-sign-in.ts";
import { readForm } from "./forms.ts";
import type { Person } from "./membership.ts";
import { answerPage, messagePage, organisationPage } from "./pages.ts";
import { staffChoicePath } from "./public-client.ts";
import { endCookie, readCookie, type Sealer, setCookie } from "./sealed.ts";
import type { StaffGrantStore } from "./staff-grants.ts";

export interface StaffChoiceDeps {
  grants: Pick<StaffGrantStore, "openOf">;
  sealer: Sealer;
}

const ticketSchema = z.object({ subject: z.string(), purpose: purposeSchema });
const cookie = "staff";
const patienceSeconds = 10 * 60;

export function staffChoice({ grants, sealer }: StaffChoiceDeps) {
  const refuse = (response: HttpResponse, status: number, text: string) =>
    answerPage(response, status, messagePage("Not signed in", text));
  return {
    /** Asks, or refuses whom nobody lets in. */
    async ask(response: HttpResponse, subject: string, purpose: Purpose): Promise<void> {
      const open = await grants.openOf(subject);
      if (open.length === 0) {
        const how = "An administrator of theirs grants it with ./biplane staff grant.";
        return refuse(response, 403, `No organisation lets ${subject} in at the moment. ${how}`);
      }
      const ticket = await sealer.seal("staff", { subject, purpose }, patienceSeconds);
      setCookie(response, cookie, ticket, patienceSeconds);
      answerPage(response, 200, organisationPage({ to: staffChoicePath, subject, open }));
    },
    /** @returns undefined where it has answered with a refusal. */
    async take(request: HttpRequest, response: HttpResponse) {
      const ticket = await sealer.open("staff", readCookie(request, cookie) ?? "", ticketSchema);
      const chosen = (await readForm(request))?.get("grant");
      if (!ticket) {
        refuse(response, 400, "This sign-in is not this browser's, or took too long. Begin again.");
        return undefined;
      }
      const { subject, purpose } = ticket;
      // Looked up again: what was shown may have been taken back meanwhile.
      const grant = (await grants.openOf(subject)).find(({ grantId }) => grantId === chosen);
      if (!grant) {
        refuse(response, 403, "That is not granted, or not any more. Begin again.");
        return undefined;
      }
      endCookie(response, cookie);
      const person: Person = { org: grant.org, subject, role: "staff", grant: grant.grantId };
      return { person, purpose };
    },
  };
}
