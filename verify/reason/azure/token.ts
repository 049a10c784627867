/** Whether a token of another issuer is taken for an identity: each part to the letter, as Entra compares them. */
import type { IamAnswer } from "../iam/decide.ts";
import type { AzurePolicies } from "./policy-file.ts";
import { folded } from "./scopes.ts";

interface Bringing {
  clientId?: string | undefined;
  token?: { issuer: string; subject: string; audience: string } | undefined;
}

/** @returns who the bearer becomes, or why not */
export function exchanged(
  { identities }: Pick<AzurePolicies, "identities">,
  { clientId = "", token }: Bringing,
): { principal: string } | { refused: IamAnswer } {
  const identity = identities.find(({ properties }) => folded(properties.clientId) === folded(clientId));
  if (!identity || !token) {
    const by = `what takes client ${clientId}, which the file does not tell`;
    return { refused: { decision: "unknown", by } };
  }
  const { issuer, subject, audience } = token;
  const taken = identity.federatedCredentials.some(
    ({ properties: own }) => own.issuer === issuer && own.subject === subject && own.audiences.includes(audience),
  );
  if (taken) return { principal: identity.properties.principalId };
  const pattern = identity.federatedCredentials.find(
    ({ properties: own }) => own.issuer === issuer && own.claimsMatchingExpression != null,
  );
  if (pattern) {
    const by = `the expression of federated credential ${pattern.name}, which is not understood`;
    return { refused: { decision: "unknown", by } };
  }
  const by = `no federated credential of ${clientId} takes ${subject} of ${issuer} for ${audience}`;
  return { refused: { decision: "deny", by } };
}
