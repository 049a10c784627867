/** What the API server says when a namespace's quota stands in a pod's way: is it full now, or too small for ever? */
import { quantity } from "./resources.ts";

/**
 * @param refusal such as `pods "x" is forbidden: exceeded quota: quota, requested: limits.cpu=9, used: limits.cpu=1,
 * limited: limits.cpu=8`
 * @returns in words for the task's author, what it asks for beyond the whole quota; undefined where waiting may help.
 */
export function beyondQuota(refusal: string): string | undefined {
  const requested = amounts(refusal, "requested");
  const limited = amounts(refusal, "limited");
  const beyond = [...requested].filter(([name, amount]) => {
    const limit = limited.get(name);
    return limit !== undefined && exceeds(amount, limit);
  });
  if (beyond.length === 0) return undefined;
  const words = beyond.map(([name, amount]) => `${name} ${amount} of at most ${limited.get(name)}`);
  return `The task asks for more than the whole quota of its project: ${words.join(", ")}.`;
}

/** @returns in words for the task's author, why its project takes no pod at all; undefined where it takes some. */
export function closedQuota(refusal: string): string | undefined {
  const isClosed = amounts(refusal, "limited").get("pods") === "0";
  return isClosed ? "The project is archived: what runs ends, and nothing new is started." : undefined;
}

function amounts(refusal: string, part: string): Map<string, string> {
  const list = new RegExp(`\\b${part}: ((?:[^\\s,=]+=[^\\s,=]+,?)+)`).exec(refusal)?.[1] ?? "";
  return new Map(
    list
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
  );
}

function exceeds(amount: string, limit: string): boolean {
  try {
    return quantity(amount) > quantity(limit);
  } catch {
    // Not numbers that we read: the API server decides again at the next try.
    return false;
  }
}
