/**
 * The journal of a stack's creates: a line for each intent, on the disk before the first call, and a line for how it
 * ended. It lies beside the state as long as something may exist that the state does not know. Inputs are sealed.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Intent, Journal } from "../providers/machine/journal.ts";
import type { StackLayout } from "./layout.ts";

/** An intent and how its create ended. Neither `made` nor `failed`: there was no answer. */
export interface Entry extends Intent {
  /** The object's id. */
  made?: string;
  failed?: true;
  /** Looked for in vain by an earlier run. */
  late?: true;
}

export interface OpenJournal extends Journal {
  /** Resolves when no create is under way in this process. */
  idle(): Promise<void>;
}

type Line = Beginning | Ending;
type Beginning = Omit<Entry, "inputs"> & { sealed: string };
type Ending = Pick<Entry, "made" | "failed"> & { intent: string };

/** Makes no file before the first intent. */
export function openJournal(layout: StackLayout): OpenJournal {
  const file = fileOf(layout);
  const key = keyOf(layout);
  const underWay = new Set<Promise<unknown>>();
  // Not awaited on the disk: where the answer is lost, the intent is still there.
  const end = (ending: Ending) => appendFileSync(file, lineOf(ending), { mode: 0o600 });
  return {
    async record(intent, make) {
      await appendFile(file, lineOf(beginning(intent, key)), { mode: 0o600, flush: true });
      const making = make();
      underWay.add(making);
      try {
        const made = await making;
        end({ intent: intent.id, made: made.id });
        return made;
      } catch (error) {
        end({ intent: intent.id, failed: true });
        throw error;
      } finally {
        underWay.delete(making);
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
}

/** In the order in which they were begun. */
export function readJournal(layout: StackLayout): Entry[] {
  if (!existsSync(fileOf(layout))) return [];
  const key = keyOf(layout);
  const entries = new Map<string, Entry>();
  // A last line that is not whole was never awaited, so its create had not begun.
  for (const text of readFileSync(fileOf(layout), "utf8").split("\n").slice(0, -1)) {
    const line = JSON.parse(text) as Line;
    if ("sealed" in line) {
      const { sealed, ...entry } = line;
      entries.set(line.id, { ...entry, inputs: JSON.parse(unseal(sealed, key)) as Intent["inputs"] });
    } else {
      const { intent, ...ending } = line;
      Object.assign(entries.get(intent) ?? {}, ending);
    }
  }
  return [...entries.values()];
}

/** Forgets all others. */
export function keepInJournal(layout: StackLayout, entries: readonly Entry[]): void {
  const file = fileOf(layout);
  if (entries.length === 0) {
    rmSync(file, { force: true });
    return;
  }
  const key = keyOf(layout);
  writeFileSync(`${file}.new`, entries.map((entry) => lineOf(beginning(entry, key))).join(""), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function fileOf({ folder }: StackLayout): string {
  return join(folder, "journal.jsonl");
}

function lineOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function beginning({ inputs, ...entry }: Entry, key: Buffer): Beginning {
  return { ...entry, sealed: seal(JSON.stringify(inputs), key) };
}

/** From what the state's own secrets are encrypted with. */
function keyOf({ passphraseFile }: StackLayout): Buffer {
  return Buffer.from(hkdfSync("sha256", readFileSync(passphraseFile), "", "biplane journal", 32));
}

const cipher = "aes-256-gcm";

function seal(text: string, key: Buffer): string {
  const nonce = randomBytes(12);
  const sealing = createCipheriv(cipher, key, nonce);
  const sealed = Buffer.concat([sealing.update(text, "utf8"), sealing.final()]);
  return Buffer.concat([nonce, sealing.getAuthTag(), sealed]).toString("base64");
}

function unseal(text: string, key: Buffer): string {
  const bytes = Buffer.from(text, "base64");
  const opening = createDecipheriv(cipher, key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([opening.update(bytes.subarray(28)), opening.final()]).toString("utf8");
}
