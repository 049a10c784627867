/** What the engine says of an operation: what changed, and why it failed, for a person. */
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { messageOf, UserError } from "../../shared/errors.ts";

export interface Report {
  observe(event: EngineEvent): void;
  /** How many resources of each kind of change, once the engine has told its sum. */
  changes(): Record<string, number>;
  /** Turns what was thrown into what a person is told: each resource and its provider's message, no stack trace. */
  failure(thrown: unknown): Error;
}

interface Complaint {
  urn: string;
  message: string;
}

/** @param programError what the program itself threw, if it did: then the engine only repeats it */
export function reportOf(operation: string, stack: string, programError: () => unknown): Report {
  const complaints: Complaint[] = [];
  let changes: Record<string, number> = {};
  return {
    changes: () => changes,
    observe({ diagnosticEvent: event, policyEvent: refused, summaryEvent: sum }) {
      if (sum) changes = { ...sum.resourceChanges };
      if (refused?.enforcementLevel === "mandatory") {
        complaints.push({
          urn: refused.resourceUrn ?? "",
          message: `${refused.policyName}: ${plain(refused.message)}`,
        });
      }
      if (event?.severity === "error" && !event.ephemeral) {
        complaints.push({ urn: event.urn ?? "", message: plain(event.message) });
      }
    },
    failure(thrown) {
      if (thrown instanceof UserError) return thrown;
      const own = programError();
      if (own instanceof UserError) return own;
      const told = complaints.filter(({ message }) => message && !isSummary(message));
      const lines = told.length > 0 ? told.map(line) : [own ? messageOf(own) : lastWords(thrown)];
      return new UserError(`${operation} of stack ${stack} failed.\n${[...new Set(lines)].join("\n")}`, {
        exitCode: 1,
        cause: own ?? thrown,
      });
    },
  };
}

function line({ urn, message }: Complaint): string {
  // The engine puts the URN in front of a provider's words, sometimes twice.
  const words = message.replaceAll(urn ? `${urn}: ` : "\0", "").trim();
  return urn && !urn.includes("::pulumi:pulumi:Stack::") ? `${urn}\n  ${words.replaceAll("\n", "\n  ")}` : words;
}

/** Colours and the frames of a stack trace are not for a person. */
function plain(message: string): string {
  return message
    .replaceAll(/<\{%[^%]*%\}>/g, "")
    .split("\n")
    .filter((text) => !/^\s+at .+[:(]/.test(text))
    .join("\n")
    .trim();
}

function isSummary(message: string): boolean {
  return /^(update|preview|refresh|destroy) failed$/.test(message);
}

/** Of a command that failed before it had anything to say by events. */
function lastWords(thrown: unknown): string {
  const text = messageOf(thrown);
  const stderr = /stderr: ([\s\S]*?)(?:\n err\?:|$)/.exec(text)?.[1]?.trim();
  return plain(stderr || text);
}
