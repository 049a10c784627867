import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { type Dialled, told } from "./connections.ts";
import { dialScript, listenScript } from "./pod-scripts.ts";

const dialled: Dialled[] = (["open", "closed", "plane"] as const).map((name) => ({
  case: name,
  name: `Pod/n/${name}`,
  host: "10.0.0.1",
  port: 8080,
}));
const answers = (...connected: boolean[]) =>
  connected.map((is) => ({ connected: is, told: is ? "connected" : "silent" }));

describe("what the dialling pod told", () => {
  it("is a finding for each, where the controls end as they must", () => {
    expect(told(dialled, answers(true, false, true))).toEqual([
      { case: "open", to: "Pod/n/open:8080", connected: true, told: "connected" },
      { case: "closed", to: "Pod/n/closed:8080", connected: false, told: "silent" },
      { case: "plane", to: "Pod/n/plane:8080", connected: true, told: "connected" },
    ]);
  });

  it.each([
    ["the open pod is not reached", answers(false, false, false), /nothing closes, cannot be reached/],
    ["the closed pod is reached", answers(true, true, false), /does not enforce NetworkPolicy/],
    ["an answer is missing", answers(true, false), /told nothing of Pod\/n\/plane/],
  ])("says nothing of the plane where %s", (_, seen, why) => {
    expect(() => told(dialled, seen)).toThrow(why);
  });
});

describe("the pods' scripts", () => {
  const node = (script: string) => spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });

  it("dial what listens, patiently, and tell of it in order", async () => {
    // A port that is free, for a moment at least.
    const free = createServer().listen(0, "127.0.0.1");
    const port = await new Promise<number>((resolve) => {
      free.once("listening", () => {
        const address = free.address();
        free.close(() => resolve(typeof address === "object" && address ? address.port : 0));
      });
    });
    const listener = node(listenScript(port));
    try {
      const dialler = node(dialScript([{ host: "127.0.0.1", port }]));
      expect(JSON.parse(await text(dialler.stdout))).toEqual([{ connected: true, told: "connected" }]);
    } finally {
      listener.kill();
    }
  });
});
