/** AuthorizerService: what the caller may do at this moment, for the services that decide. */
import type { ServiceImpl } from "@connectrpc/connect";
import type { AuthorizerService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import type { Authorizer } from "../../shared/auth/authorizer.ts";
import { callerOf, type Identified } from "../../shared/auth/caller.ts";
import { unauthenticated } from "../../shared/errors.ts";
import type { GrantStore } from "./grants.ts";
import type { Signer } from "./signing.ts";

/** Of this very process, for its own RPCs: nothing is kept. */
export function localAuthorizer(store: GrantStore): Authorizer {
  return async (caller) => ({ grants: await grantsOf(store, caller) });
}

export function authorizerService(signer: Signer): ServiceImpl<typeof AuthorizerService> {
  return {
    async resolve(_request, context) {
      // Looked up for this very call.
      const { org, subject, grants } = callerOf(context);
      const told = grants.map(({ permissions, project, domain }) => ({ actions: [...permissions], project, domain }));
      return { grants: told, statement: await signer.state({ org, subject }, grants) };
    },
  };
}

async function grantsOf(store: GrantStore, caller: Identified) {
  const grants = await store.of(caller);
  if (!grants) throw unauthenticated("the token's holder is there no more, or its API key or session is over");
  return grants;
}
