import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

it("what is compiled is kept among the SDKs, unless Node's own switch says otherwise", async () => {
  const program = `
    import { getCompileCacheDir } from "node:module";
    import { keepCompiled } from ${JSON.stringify(join(import.meta.dirname, "compiled.ts"))};
    keepCompiled();
    console.log(getCompileCacheDir());`;
  // As `./biplane test` sets it for its own sake.
  const unset = { NODE_COMPILE_CACHE: undefined };
  const kept = async (env: Record<string, string>) =>
    (await execa(process.execPath, ["--input-type=module", "--eval", program], { env: { ...unset, ...env } })).stdout;
  expect(await kept({})).toContain(join(import.meta.dirname, "../node_modules/.cache/biplane"));
  expect(await kept({ NODE_DISABLE_COMPILE_CACHE: "1" })).toBe("undefined");
}, 60_000);
