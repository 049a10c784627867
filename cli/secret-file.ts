/** A secret that is shown once goes into a file that only its owner reads: never to a terminal, where it would stay. */
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { messageOf, refusal } from "../shared/errors.ts";

/**
 * The file is made first, so that no secret is made that could not be kept; it goes where `make` fails.
 * @param make answers the secret, and what else is of interest.
 * @throws UserError where the file exists or cannot be made.
 */
export async function intoSecretFile<T>(file: string, make: () => Promise<{ secret: string; made: T }>): Promise<T> {
  const opened = open(file);
  try {
    const { secret, made } = await make();
    writeSync(opened, secret);
    return made;
  } catch (error) {
    unlinkSync(file);
    throw error;
  } finally {
    closeSync(opened);
  }
}

function open(file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    throw refusal({ subject: "--to", value: file, allowed: `a new file (${messageOf(error)})` });
  }
}
