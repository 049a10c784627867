/**
 * A call of IAM's that changed something, or tried to, as CloudTrail records it. Everything in it is taken from the call,
 * its answer, or who signed it; what none of them tells is left out. Pure.
 */
import type { Caller } from "../front/caller.ts";
import type { SessionIdentity } from "../front/emulator.ts";
import { splitTarget } from "../front/exchange.ts";
import type { WholeAnswer } from "../front/upstream.ts";
import type { Message } from "../keeper/keeper.ts";
import type { Fields } from "../keeper/store.ts";
import { parametersOf } from "./parameters.ts";

/** Where AWS records what is global, whichever region was called. */
export const globalRegion = "us-east-1";

export interface TrailEvent {
  eventVersion: string;
  userIdentity: {
    type: "AssumedRole";
    principalId: string;
    arn: string;
    accountId: string;
    accessKeyId: string;
    sessionContext: {
      sessionIssuer: { type: "Role"; principalId: string; arn: string; accountId: string; userName: string };
    };
  };
  /** As ISO 8601, to the second. */
  eventTime: string;
  eventSource: string;
  eventName: string;
  awsRegion: string;
  sourceIPAddress?: string;
  userAgent?: string;
  /** As the service answered it. */
  errorCode?: string;
  errorMessage?: string;
  requestParameters: Fields;
  responseElements: Fields | null;
  requestID?: string;
  eventID: string;
  readOnly: false;
  eventType: "AwsApiCall";
  managementEvent: true;
  recipientAccountId: string;
  eventCategory: "Management";
}

export interface Recorded {
  account: string;
  caller: Pick<Caller, "service" | "accessKeyId">;
  identity: SessionIdentity;
  message: Message;
  answer: WholeAnswer;
  sourceAddress?: string;
}

const reads = /^(Get|List|Simulate|Generate)/;

/** @returns undefined for what only reads, and for other services: their calls may carry what no record should hold */
export function eventOf(call: Recorded, eventID: string, at: Date): TrailEvent | undefined {
  const { account, caller, identity, message, answer, sourceAddress } = call;
  const form = formOf(message);
  const eventName = form.get("Action");
  if (caller.service !== "iam" || eventName === null || reads.test(eventName)) return undefined;
  const userAgent = message.headers["user-agent"];
  const requestID = answer.headers["x-amzn-requestid"];
  const text = answer.body.toString();
  return {
    eventVersion: "1.08",
    userIdentity: identityOf(account, caller.accessKeyId, identity),
    eventTime: at.toISOString().replace(/\.\d+Z$/, "Z"),
    eventSource: "iam.amazonaws.com",
    eventName,
    awsRegion: globalRegion,
    ...(sourceAddress ? { sourceIPAddress: sourceAddress } : {}),
    ...(userAgent ? { userAgent: String(userAgent) } : {}),
    ...(answer.status >= 300 ? errorOf(answer.status, text) : {}),
    requestParameters: parametersOf(form),
    responseElements: answer.status < 300 ? madeRole(text) : null,
    ...(requestID ? { requestID: String(requestID) } : {}),
    eventID,
    readOnly: false,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: "Management",
  };
}

function identityOf(account: string, accessKeyId: string, { arn, principalId }: SessionIdentity) {
  const [, role = "", session = ""] = arn.split("/");
  return {
    type: "AssumedRole" as const,
    principalId,
    arn,
    accountId: account,
    accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: "Role" as const,
        principalId: principalId.replace(`:${session}`, ""),
        arn: `arn:aws:iam::${account}:role/${role}`,
        accountId: account,
        userName: role,
      },
    },
  };
}

/** A form in the body, in the query, or both. */
function formOf({ target, body }: Message): URLSearchParams {
  return new URLSearchParams([...splitTarget(target).query, ...new URLSearchParams(body.toString())]);
}

function errorOf(status: number, xml: string) {
  const message = elementOf(xml, "Message");
  return { errorCode: elementOf(xml, "Code") ?? String(status), ...(message ? { errorMessage: message } : {}) };
}

/** Of CreateRole's answer: what tells this role from a later one of the same name. */
function madeRole(xml: string): Fields | null {
  const role = /<CreateRoleResult>.*<\/CreateRoleResult>/s.exec(xml)?.[0];
  if (!role) return null;
  const names = { path: "Path", roleName: "RoleName", roleId: "RoleId", arn: "Arn", createDate: "CreateDate" };
  return { role: Object.fromEntries(Object.entries(names).map(([name, element]) => [name, elementOf(role, element)])) };
}

function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
