/** How an operation is registered with the keeper (operations.ts): where AWS has it, and how it is answered. */
import type { WholeAnswer } from "../front/upstream.ts";
import type { Fields, Json, Records } from "./store.ts";

export interface KeptCall {
  account: string;
  region: string;
  /** Parameters of the path, decoded; empty for operations that are not REST. */
  path: Record<string, string>;
  query: URLSearchParams;
  /** The JSON body, or the fields of a form. */
  input: Fields;
  /** Of the call's account and region. */
  records(kind: string): Records;
  /** Of another account, for what two of them share: a connection to an endpoint service. */
  recordsOf(account: string, kind: string): Records;
  /** Asks the emulator, by default what was asked here. Its refusals come back as answers, not as errors. */
  pass(instead?: { method?: string; path?: string; input?: Fields }): Promise<Passed>;
  /** Asks the emulator's other service, one of those that are called by a form, about the same account and region. */
  ask(service: string, form: Record<string, string>): Promise<Passed>;
}

/** The emulator's answer. */
export interface Passed extends WholeAnswer {
  ok: boolean;
  /** Of a JSON answer; empty where it is none. */
  fields: Fields;
}

/** The answer's fields (rendered as the service's protocol wants), or the emulator's own answer. */
export type Kept = Fields | { passed: Passed };

export type Handler = (call: KeptCall) => Promise<Kept>;

export type Operation =
  | { protocol: "rest"; service: string; method: string; path: string; handler: Handler }
  | { protocol: "target" | "form"; service: string; name: string; handler: Handler };

/** @example rest("eks", "GET", "/clusters/{name}/addons/{addonName}", describeAddon) */
export function rest(service: string, method: string, path: string, handler: Handler): Operation {
  return { protocol: "rest", service, method, path, handler };
}

/** Named by the header `x-amz-target`, JSON both ways: CloudWatch Logs, CloudTrail, Secrets Manager, KMS. */
export function target(service: string, name: string, handler: Handler): Operation {
  return { protocol: "target", service, name, handler };
}

/** Named by the form's `Action`, answered in XML: RDS, IAM, EC2, load balancing. A list is `{ Members: { Member: [] } }`. */
export function form(service: string, name: string, handler: Handler): Operation {
  return { protocol: "form", service, name, handler };
}

/** A refusal as the service words it. */
export class KeptRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Fields;

  /** @param code such as `ResourceNotFoundException` */
  constructor(status: number, code: string, message: string, fields: Fields = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** A field of the input that the service requires. */
export function text(value: Json | undefined, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new KeptRefusal(400, "InvalidParameterException", `${name} is required.`);
}

export function fieldsOf(value: Json | undefined): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** Times on the wire are seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);
