/** How a rule about one method is written: see rules.ts. */
import type { DescService, Message, MessageShape } from "@bufbuild/protobuf";
import type { Need, Permission } from "./permissions.ts";

/** What a request says of where it works. The organisation is compared with the caller's own, never trusted. */
export interface Named {
  org?: string | undefined;
  at: Need["at"];
  /** Of what is worked on, for the audit record. */
  name?: string;
  /** Where something else is enough, or is needed besides. @default the rule's own */
  anyOf?: readonly Permission[];
}

export type Rule<M = Message> =
  /** Before there is a token. */
  | { who: "anyone" }
  /** A compute plane, by the relay's token. */
  | { who: "cluster" }
  /** Any user or application: what is answered is the caller's own. */
  | {
      who: "signed-in";
      orgs(message: M): (string | undefined)[];
      /** With the caller's token, but not by the caller. */
      internal: boolean;
    }
  /** A user or an application itself, for what is its own: neither a task pod nor an API key in its place. */
  | { who: "in-person"; changes: boolean; named(message: M): string }
  | {
      who: "permitted";
      /** Held somewhere at least, which even a request that names no place must. */
      anyOf: readonly Permission[];
      /** Creates, changes or removes something. `by-answer`: only by what the caller can do with the answer. */
      changes: boolean | "by-answer";
      named(message: M): Named[];
    };

export const anyone: Rule<never> = { who: "anyone" };
export const cluster: Rule<never> = { who: "cluster" };

export function signedIn<M>(orgs: (message: M) => (string | undefined)[] = () => []): Rule<M> {
  return { who: "signed-in", orgs, internal: false };
}

/** What services ask of each other on behalf of any caller. */
export function betweenServices<M>(): Rule<M> {
  return { who: "signed-in", orgs: () => [], internal: true };
}

export function inPersonReads<M>(): Rule<M> {
  return { who: "in-person", changes: false, named: () => "" };
}

/** @param named what is worked on, for the audit record. */
export function inPersonChanges<M>(named: (message: M) => string): Rule<M> {
  return { who: "in-person", changes: true, named };
}

type Naming<M> = (message: M) => Named | Named[];
type Permissions = Permission | readonly Permission[];

export function mayRead<M>(permission: Permissions, named: Naming<M>): Rule<M> {
  return permitted(permission, named, false);
}

export function mayChange<M>(permission: Permissions, named: Naming<M>): Rule<M> {
  return permitted(permission, named, true);
}

/** Answers with the means to change something, and changes nothing itself. */
export function mayHandOut<M>(permission: Permissions, named: Naming<M>): Rule<M> {
  return permitted(permission, named, "by-answer");
}

function permitted<M>(permission: Permissions, named: Naming<M>, changes: boolean | "by-answer"): Rule<M> {
  const anyOf = typeof permission === "string" ? [permission] : permission;
  return { who: "permitted", anyOf, changes, named: (message) => [named(message)].flat() };
}

/** A rule for each method of the service: one that is left out does not compile. */
type RulesOf<S extends DescService> = {
  [M in keyof S["method"]]: Rule<MessageShape<S["method"][M]["input"]>>;
};

/** @returns by method name as it is on the wire. */
export function rulesOf<S extends DescService>(service: S, rules: RulesOf<S>): [string, Map<string, Rule>] {
  const entries = service.methods.map((method): [string, Rule] => {
    // Connect gives a method no message but of its own type, which `RulesOf` has checked.
    return [method.name, rules[method.localName as keyof S["method"]] as Rule<never> as Rule];
  });
  return [service.typeName, new Map(entries)];
}
