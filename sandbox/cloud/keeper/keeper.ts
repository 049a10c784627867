/**
 * Stands before the emulator and answers what it lacks, by the path or name that AWS has for it, so that the SDKs and
 * the aws command read it back. Everything else passes as it is. What is kept and why: README.md.
 */
import type { OutgoingHttpHeaders } from "node:http";
import { callerOf } from "../front/caller.ts";
import { authorizationFor } from "../front/emulator.ts";
import { splitTarget } from "../front/exchange.ts";
import type { WholeAnswer } from "../front/upstream.ts";
import { refused, rendered } from "./answer.ts";
import { fieldsOf, type KeptCall, KeptRefusal, type Operation, type Passed } from "./operation.ts";
import type { Fields, Json, Store } from "./store.ts";

export interface Message {
  method: string;
  /** Path and query as sent. */
  target: string;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

/** One account's way into the emulator. */
export type Emulate = (message: Message) => Promise<WholeAnswer>;

export class Keeper {
  private readonly operations: readonly Operation[];
  private readonly store: Store;

  constructor(operations: readonly Operation[], store: Store) {
    this.operations = operations;
    this.store = store;
  }

  /** @param message a request that has been judged already */
  async call(account: string, message: Message, emulate: Emulate): Promise<WholeAnswer> {
    const caller = callerOf(String(message.headers.authorization ?? ""), new URLSearchParams());
    const found = caller && this.find(caller.service, message);
    if (!found) return emulate(message);
    const { operation, path } = found;
    const kept: KeptCall = {
      account,
      region: caller.region,
      path,
      query: splitTarget(message.target).query,
      input: inputOf(operation, message.body),
      records: (kind) => this.store.records(account, caller.region, kind),
      recordsOf: (other, kind) => this.store.records(other, caller.region, kind),
      pass: (instead = {}) => pass(message, instead, emulate),
      ask: (service, form) => ask(message, { region: caller.region, service, form }, emulate),
    };
    try {
      const answer = await operation.handler(kept);
      return isPassed(answer) ? answer.passed : rendered(operation, answer);
    } catch (error) {
      if (error instanceof KeptRefusal) return refused(operation, error);
      throw error;
    }
  }

  private find(service: string, message: Message): { operation: Operation; path: Record<string, string> } | undefined {
    for (const operation of this.operations) {
      if (operation.service !== service) continue;
      const path = matches(operation, message);
      if (path) return { operation, path };
    }
    return undefined;
  }
}

/** @returns the path's parameters when the message asks for the operation */
function matches(operation: Operation, { method, target, headers, body }: Message): Record<string, string> | undefined {
  switch (operation.protocol) {
    case "rest":
      return operation.method === method ? matchPath(operation.path, splitTarget(target).path) : undefined;
    case "target":
      return String(headers["x-amz-target"] ?? "").endsWith(`.${operation.name}`) ? {} : undefined;
    case "form":
      return new URLSearchParams(body.toString()).get("Action") === operation.name ? {} : undefined;
  }
}

/** A parameter is one step of the path as sent, so an ARN's encoded slashes stay in it. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = steps(pattern);
  const given = steps(path);
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, step] of wanted.entries()) {
    const value = given[at] ?? "";
    if (step.startsWith("{")) parameters[step.slice(1, -1)] = decodeURIComponent(value);
    else if (step !== value) return undefined;
  }
  return parameters;
}

function steps(path: string): string[] {
  return path.split("/").filter((step) => step !== "");
}

function inputOf({ protocol }: Operation, body: Buffer): Fields {
  if (protocol === "form") return Object.fromEntries(new URLSearchParams(body.toString()));
  return body.length > 0 ? fieldsOf(JSON.parse(body.toString()) as Json) : {};
}

async function pass(
  message: Message,
  instead: { method?: string; path?: string; input?: Fields },
  emulate: Emulate,
): Promise<Passed> {
  const { method = message.method, path: target = message.target, input } = instead;
  const empty = instead.method === "GET";
  const body = input ? Buffer.from(JSON.stringify(input)) : empty ? Buffer.alloc(0) : message.body;
  const { "content-length": _, ...headers } = message.headers;
  const answer = await emulate({ method, target, headers, body });
  const isJson = String(answer.headers["content-type"] ?? "").includes("json");
  const fields = isJson && answer.body.length > 0 ? fieldsOf(JSON.parse(answer.body.toString()) as Json) : {};
  return { ...answer, ok: answer.status < 300, fields };
}

/** The other headers stay: by one of them an emulator without a front tells accounts apart. */
async function ask(
  message: Message,
  { region, service, form }: { region: string; service: string; form: Record<string, string> },
  emulate: Emulate,
): Promise<Passed> {
  const { "content-length": _, ...rest } = message.headers;
  const headers = {
    ...rest,
    host: `${service}.amazonaws.com`,
    authorization: authorizationFor(service, region),
    "content-type": "application/x-www-form-urlencoded",
  };
  const body = Buffer.from(new URLSearchParams(form).toString());
  const answer = await emulate({ method: "POST", target: "/", headers, body });
  return { ...answer, ok: answer.status < 300, fields: {} };
}

function isPassed(answer: Fields | { passed: Passed }): answer is { passed: Passed } {
  return "passed" in answer;
}
