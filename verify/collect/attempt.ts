/** Turns what a request threw into a recorded fact. */
import { messageOf } from "../../shared/errors.ts";
import type { Fact } from "../facts.ts";

/**
 * For the answer to one question. Generous, since it also counts while this process itself is busy with what others have
 * answered; who is silent for longer is told as such.
 */
export const patienceMs = 30_000;

export async function attempt<T>(request: string, read: () => Promise<T>): Promise<Fact<T>> {
  try {
    return { read: true, value: await read(), request };
  } catch (error) {
    const name = error instanceof Error ? error.name : "Error";
    return { read: false, reason: `${name}: ${messageOf(error).split("\n")[0]}`, request };
  }
}

/** `undefined` when the API says by one of these names that the thing is not configured; any other error is thrown. */
export async function absent<T>(names: readonly string[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return undefined;
    throw error;
  }
}
