import { describe, expect, it } from "vitest";
import { withCleanup } from "./cleanup.ts";

describe("what a probe made", () => {
  it("goes when its work ends, and when it fails, and nobody listens for signals any more", async () => {
    const before = process.listenerCount("SIGINT");
    const removed: string[] = [];
    const remove = (name: string) => async () => removed.push(name);
    await withCleanup(remove("done"), async () => expect(process.listenerCount("SIGINT")).toBe(before + 1));
    await expect(withCleanup(remove("failed"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(removed).toEqual(["done", "failed"]);
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  it("goes on an interrupt, all of it, before the process does", async () => {
    const script = `
      const { withCleanup } = await import(${JSON.stringify(new URL("./cleanup.ts", import.meta.url).href)});
      const made = (name) => withCleanup(async () => console.log("removed " + name), () => new Promise(() => setTimeout(() => {}, 60_000)));
      made("one"); made("two");
      console.log("made");
    `;
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      output += part;
      if (part.includes("made")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(output).toBe("made\nremoved one\nremoved two\n");
    expect(code).toBe(130);
  });
});
