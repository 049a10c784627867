/** What a person is told when an input is wrong or something is missing. Anything else that is thrown is a bug. */
export class UserError extends Error {
  /** Exit code of the command. @default 3 (usage) */
  readonly exitCode: number;

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "UserError";
    this.exitCode = options.exitCode ?? 3;
  }
}

/** The four parts that every refusal has. Never pass a secret as `value`. */
export interface Refusal {
  subject: string;
  value?: unknown;
  allowed: string;
  todo?: string;
}

/** @example refusal({ subject: "--attempts", value: 0, allowed: "a whole number from 1" }) */
export function refusal({ subject, value, allowed, todo }: Refusal): UserError {
  const seen = value === undefined ? "is missing" : `is ${shown(value)}`;
  return new UserError(`${subject} ${seen}; allowed: ${allowed}.${todo ? ` ${todo}` : ""}`);
}

/** Also of what JSON cannot say: large numbers, and what holds itself. */
function shown(value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner));
  } catch {
    return "a value that holds itself";
  }
}

/** The text of anything thrown, for a log or a wrapped message. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
