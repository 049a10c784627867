/** The shape of a rule: data about it and one pure function from a resource's inputs to what is wrong with them. */

/** A resource's inputs as the program gave them, defaults of the provider not filled in. */
export type Inputs = Readonly<Record<string, unknown>>;

export interface Seen {
  type: string;
  /** Logical name in the program. */
  name: string;
  urn: string;
  inputs: Inputs;
  /** Whether the stack refuses to delete it, which is how `dataProtection: on` shows on a resource. */
  protect: boolean;
}

interface About {
  /** Unique, kebab-case; what a person looks for in the README of this folder. */
  name: string;
  /** Ids of the claims ledger that would break. */
  controls: readonly [string, ...string[]];
  /** One sentence: what must hold. */
  says: string;
}

export interface Rule extends About {
  /** Pulumi type tokens that it looks at. */
  types: readonly [string, ...string[]];
  /** @returns what is wrong, in words; empty when nothing is. */
  judge(inputs: Inputs, resource: Pick<Seen, "type" | "name" | "protect">): string[];
}

/** A rule about what must stand beside what: it sees the whole stack once all its resources are known. */
export interface StackRule extends About {
  judge(resources: readonly Seen[]): { resource: Seen; words: string }[];
}
