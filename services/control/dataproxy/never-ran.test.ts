import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { codeOf } from "../../shared/testing/code-of.ts";
import { unlessNeverRan } from "./never-ran.ts";

async function* saying(words: string[], error?: ConnectError): AsyncGenerator<string> {
  yield* words;
  if (error) throw error;
}

const all = async (stream: AsyncIterable<string>) => {
  const words: string[] = [];
  for await (const word of stream) words.push(word);
  return words;
};
const notFound = new ConnectError("no such pod", Code.NotFound);

describe("the stream of an attempt", () => {
  it("that was never made is the notice, and ends", async () => {
    expect(await all(unlessNeverRan(saying([], notFound), async () => true, ["notice"]))).toEqual(["notice"]);
  });

  it("that is not there yet is still not found, and one that ran is not asked about", async () => {
    expect(await codeOf(all(unlessNeverRan(saying([], notFound), async () => false, ["notice"])))).toBe("NotFound");
    const asked = vi.fn(async () => true);
    expect(await all(unlessNeverRan(saying(["a", "b"]), asked, ["notice"]))).toEqual(["a", "b"]);
    const lost = new ConnectError("gone", Code.Unavailable);
    expect(await codeOf(all(unlessNeverRan(saying(["a"], lost), asked, ["notice"])))).toBe("Unavailable");
    expect(asked).not.toHaveBeenCalled();
  });
});
