/** One question of a file's, answered: who may do what to which resource, and by which statement. */
import { z } from "zod";
import { eachOnce, queryId } from "../input/parsed.ts";
import { accountOf, type Caller, evaluate, isCrossAccount, type Request, type Verdict } from "./evaluate.ts";
import { type Context, others } from "./glob.ts";
import type { Policies } from "./policy-file.ts";

const principalAllowed =
  "the ARN of a role, session, user or identity provider, a service such as ec2.amazonaws.com, " +
  "an issuer such as oidc.example.com/id, an account's number, or * for whoever is not signed in";
const single = z.union([z.string(), z.number(), z.boolean()]);

export const iamQuery = z.strictObject({
  id: queryId,
  principal: z
    .string(principalAllowed)
    .refine((text) => callerOf(text, "") !== undefined, principalAllowed)
    .describe(principalAllowed),
  action: z
    .string("one action, such as s3:GetObject")
    .regex(/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/, "one action, such as s3:GetObject"),
  resource: z
    .string("an ARN, or *")
    .min(1, "an ARN, or *")
    .describe("An ARN; with wildcards all that they stand for; * for a call that knows none"),
  context: z
    .record(z.string(), z.union([single, z.array(single), z.null()], "a value, a list of values, or null"))
    .nullish()
    .transform((given) => given ?? {})
    .refine((given) => eachOnce(Object.keys(given)), "each key once, whatever its case")
    .describe("Values by key. A key that is not here is absent; one that is null is there, and not known"),
});

export type IamQuery = z.infer<typeof iamQuery>;

export const iamAnswer = z.object({
  decision: z
    .enum(["allow", "deny", "conditional", "unknown"])
    .describe("conditional: hangs on keys whose value is null; unknown: on what is not understood here"),
  by: z.string().describe("The statements that decide it, or what is missing, or what it hangs on"),
});

export type IamAnswer = z.infer<typeof iamAnswer>;

export function decide(policies: Policies, query: IamQuery): IamAnswer {
  const caller = callerOf(query.principal, query.action) ?? { arn: query.principal, kind: "anonymous" };
  const context = contextOf(query.context);
  const asked = { caller, action: query.action, resource: query.resource, context };
  const owner = ownerOf(query.resource, context);
  const given = {
    identity: policies.identity,
    resource: policies.resource,
    boundary: policies.boundary,
    session: policies.session.length > 0 ? policies.session : undefined,
    ceilings: policies.scp,
  };
  const request: Request = { ...asked, resourceAccount: owner.account ?? accountOf(caller.arn) };
  const verdict = evaluate(request, given);
  const otherwise = (other: Partial<Request>) =>
    evaluate({ ...request, ...other }, given).decision !== verdict.decision;
  if (owner.hangsOn && otherwise({ resourceAccount: elsewhere })) return owner.hangsOn;
  if (mayBeLinked(caller) && otherwise({ caller: linked(caller) })) {
    return { decision: "unknown", by: `whether ${caller.arn} is linked to a service, whom no scp holds` };
  }
  return { decision: wordOf(verdict), by: tell(verdict, request, policies) };
}

interface Owner {
  /** Undefined: the caller's. */
  account?: string;
  /** The answer where it would be another if the account were. */
  hangsOn?: IamAnswer;
}

/** No account's number. */
const elsewhere = "another";

function ownerOf(resource: string, context: Context): Owner {
  const written = resource.split(":")[4];
  if (written && /^\d+$/.test(written)) return { account: written };
  if (resource !== "*" && /[*?]/.test(written ?? resource)) {
    return { hangsOn: { decision: "unknown", by: `whose ${resource} is` } };
  }
  // What AWS keeps for everybody, such as its managed policies, is as the caller's own.
  if (written) return {};
  const key = "aws:resourceaccount";
  if (Object.hasOwn(context, key) && context[key] === undefined) {
    return { hangsOn: { decision: "conditional", by: "aws:ResourceAccount" } };
  }
  return { account: context[key]?.[0] };
}

/** Such names are kept for roles that are linked to a service, but a session does not tell the path that makes them so. */
function mayBeLinked({ arn, pathUnknown }: Caller): boolean {
  return Boolean(pathUnknown) && arn.includes(":role/AWSServiceRoleFor");
}

function linked(caller: Caller): Caller {
  return { ...caller, arn: caller.arn.replace(":role/", ":role/aws-service-role/of-some-service/") };
}

function wordOf({ decision, notUnderstood }: Verdict): IamAnswer["decision"] {
  if (decision === "undecided") return notUnderstood.length > 0 ? "unknown" : "conditional";
  return decision === "allowed" ? "allow" : "deny";
}

function contextOf(given: IamQuery["context"]): Context {
  const known = Object.entries(given).map(([key, value]) => {
    const values = value === null ? undefined : [value].flat().map(String);
    return [key.toLowerCase(), values?.length === 0 ? null : values] as const;
  });
  return { ...Object.fromEntries(known), [others]: null };
}

function tell({ decision, explicit, undecided, sides }: Verdict, request: Request, policies: Policies): string {
  const placesOf = (effect: "Allow" | "Deny") =>
    sides.flatMap(({ said }) =>
      said.matched
        .filter(({ statement, matches }) => statement.effect === effect && matches === "yes")
        .map(({ statement }) => policies.placeOf.get(statement) ?? "a statement"),
    );
  if (decision === "undecided") return undecided.join("; ");
  if (explicit) return `denied by ${placesOf("Deny").join(", ")}`;
  if (decision === "allowed")
    return `allowed by ${placesOf("Allow").join(", ") || "nothing else: it is the account's root"}`;
  const silent = sides.filter(({ said }) => said.allow === "no").map(({ name }) => name);
  const across = isCrossAccount(request) ? ", and between accounts both sides must" : "";
  return silent.length > 0
    ? `no statement of ${silent.join(", ")} allows it${across}`
    : "what allows it is not enough alone";
}

/** @returns undefined for what cannot ask for anything */
function callerOf(text: string, action: string): Caller | undefined {
  if (text === "*") return { arn: text, kind: "anonymous" };
  if (/^\d{12}$/.test(text)) return { arn: `arn:aws:iam::${text}:root`, kind: "root" };
  const [, partition = "", service = "", account = "", name = ""] =
    /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(.+)$/.exec(text) ?? [];
  if (service === "iam") return ofIam(text, name);
  if (service === "sts") return ofSts(text, partition, account, name);
  if (text.startsWith("arn:") || !/^(https:\/\/)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?(\/.*)?$/.test(text))
    return undefined;
  const bare = text.replace(/^https:\/\//, "");
  const byToken = /^sts:AssumeRoleWith(WebIdentity|SAML)$/i.test(action);
  return { arn: bare, kind: byToken || bare.includes("/") ? "federated" : "service" };
}

function ofIam(arn: string, name: string): Caller | undefined {
  if (name === "root") return { arn, kind: "root" };
  if (name.startsWith("role/")) return { arn, kind: "role" };
  if (name.startsWith("user/")) return { arn, kind: "user" };
  return /^(oidc|saml)-provider\//.test(name) ? { arn, kind: "federated" } : undefined;
}

function ofSts(text: string, partition: string, account: string, name: string): Caller | undefined {
  const [kind, role] = name.split("/");
  if (kind === "assumed-role" && role) {
    return { arn: `arn:${partition}:iam::${account}:role/${role}`, kind: "role", sessionArn: text, pathUnknown: true };
  }
  // What names it names the session itself.
  return kind === "federated-user" ? { arn: text, kind: "role", sessionArn: text, federatedUser: true } : undefined;
}
