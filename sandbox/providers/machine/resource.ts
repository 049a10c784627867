/** How a package tells the machinery about its types: one entry a type, only what is peculiar to it. */
import type { Journal } from "./journal.ts";
import type { NameRule } from "./names.ts";
import type { Properties, Value } from "./values.ts";

export interface Call {
  urn: string;
  /** Aborted at the operation's deadline, or when the update is cancelled. */
  signal: AbortSignal;
}

/** What the service says about an object now. */
export interface Seen {
  /** In the shape of the type's inputs, defaults left out; the whole of them when the object is imported. */
  inputs: Properties;
  /** What only the service knows: ARNs, addresses. */
  outputs: Properties;
}

/** An object that nothing outside remembers, such as a random password: its outputs are all there is. */
export interface Made {
  id: string;
  outputs: Properties;
}

export interface ResourceType {
  named?: NameRule;
  defaults?: Properties;
  required?: readonly string[];
  /** Inputs that hold a JSON document and may be given as an object. */
  documents?: readonly string[];
  /** Paths that cannot change in place. A type without `update` is replaced at any change. */
  replaceOn?: readonly string[];
  /** As `replaceOn`, where it depends on the object itself. */
  replaceOnOf?(olds: Properties): readonly string[];
  /** Whether old and new cannot stand side by side, asked when an object is to be replaced. */
  sameIdentity?(olds: Properties, news: Properties): boolean;
  /** Outputs that are secret whatever they were made from. */
  secrets?: readonly string[];
  secretsOf?(inputs: Properties): readonly string[];
  /** Whether entries that others add to a map input count as changed behind our back. @default true */
  ownsMaps?: boolean;
  /** Further problems of the inputs; they may hold unknowns. */
  check?(inputs: Properties, logicalName: string, seed: Uint8Array, olds: Properties): Properties;
  create(inputs: Properties, call: Call): Promise<string | Made>;
  /** Undefined when the object is gone. Without it a refresh changes nothing. `last` is empty at an import. After a create it holds the inputs. */
  read?(id: string, call: Call, last: Properties): Promise<Seen | undefined>;
  update?(id: string, inputs: Properties, call: Call, olds: Properties): Promise<void>;
  /** Must count an object that is gone as deleted. */
  delete(id: string, call: Call, last: Properties): Promise<void>;
  /**
   * The object that a create, killed before it could answer, may have left behind. `inputs` are the create's own; of a
   * type that is not `named` their tags hold a mark that no other object has. A type whose create takes over what
   * exists needs none.
   */
  find?(inputs: Properties, call: Call): Promise<string | undefined>;
}

export type Types = Readonly<Record<string, ResourceType>>;

type Invoke = (args: Properties) => Promise<Properties>;

/** One Pulumi package, configured for one stack. */
export interface Package {
  name: string;
  version: string;
  /** Where the table of types is, for the message that names an unknown one. */
  table: string;
  /** Called with the provider's own arguments, once for each provider instance of the stack. */
  configure?(args: Properties): Promise<void>;
  /** @throws when an instance of the provider with these arguments is not for what stands behind it */
  accepts?(args: Properties): void;
  typeOf(token: string): ResourceType | undefined;
  invokes: Readonly<Record<string, Invoke>>;
  /**
   * Where creates are written down; the engine sets it for the run. A package that has to be configured needs none: it
   * takes over what exists, and between two runs it could not be asked.
   */
  journal?: Journal;
}

/** The type's own view of its entry, with typed inputs. */
export interface Typed<Inputs extends object>
  extends Omit<ResourceType, "create" | "update" | "find" | "required" | "replaceOn"> {
  required?: readonly (keyof Inputs & string)[];
  replaceOn?: readonly string[];
  create(inputs: Inputs, call: Call): Promise<string | Made>;
  update?(id: string, inputs: Inputs, call: Call, olds: Inputs): Promise<void>;
  find?(inputs: Inputs, call: Call): Promise<string | undefined>;
}

/** Inputs are checked by the SDK's own types in the program; here they are believed. */
export function define<Inputs extends object>(type: Typed<Inputs>): ResourceType {
  const { update, find } = type;
  return {
    ...type,
    create: (inputs, call) => type.create(inputs as Inputs, call),
    update: update && ((id, inputs, call, olds) => update(id, inputs as Inputs, call, olds as Inputs)),
    find: find && ((inputs, call) => find(inputs as Inputs, call)),
  };
}

/** Properties from an SDK's answer; what is undefined is left out, dates become text. */
export function properties(values: object): Properties {
  return JSON.parse(JSON.stringify(values)) as Record<string, Value>;
}

/** The object exists, but did not become what it should be; the state keeps it, and the next update tries again. */
export class InitFailure extends Error {
  readonly id: string;
  readonly reasons: string[];

  constructor(id: string, reasons: string[]) {
    super(reasons.join("\n"));
    this.id = id;
    this.reasons = reasons;
  }
}
