import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Literal } from "../../gen/flyteidl2/core/literals_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { ensureDataframesImage } from "../../sandbox/images/index.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { runExample } from "../support/client.ts";
import { here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-sales-"));
const sales = join(folder, "sales.csv");
const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
let image: string;

beforeAll(async () => {
  writeFileSync(sales, "city,sold\nNîmes,3\nOslo,5\nNîmes,4\nOslo,-9\n");
  image = await ensureDataframesImage({ paths: here, tools: locateToolchain(here), progress: () => {} });
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where a dataframe lies, and how. */
function placeOf(literal: Literal | undefined): { uri: string; format: string } {
  const scalar = literal?.value.case === "scalar" ? literal.value.value.value : undefined;
  if (scalar?.case !== "structuredDataset") throw new Error(`not a dataframe: ${JSON.stringify(literal?.value.case)}`);
  return { uri: scalar.value.uri, format: scalar.value.metadata?.structuredDatasetType?.format ?? "" };
}

/** The one file that pandas writes. */
async function firstFile(uri: string): Promise<Buffer> {
  const [, Bucket, prefix] = /^s3:\/\/([^/]+)\/(.+?)\/?$/.exec(uri) ?? [];
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `${prefix}/00000` }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

it("a dataframe goes from the client to a task and between tasks, and lies as Parquet in the customer's bucket", async () => {
  const { name, result } = await runExample("dataframes", "best", ["--sales", sales], { follow: false, image });
  expect(result.exitCode, result.stderr).toBe(0);
  const runs = await runClient();
  await runs.ended(name, "a0", 170_000);
  expect(await runs.outputString(name)).toBe("Nîmes: 7");

  const child = (await runs.actions(name)).map(({ id }) => id?.name ?? "").filter((action) => action !== "a0");
  expect(child).toHaveLength(1);
  const { inputs, outputs } = await runs.data(name, child[0]);
  for (const literal of [inputs?.literals[0]?.value, outputs?.literals[0]?.value]) {
    const { uri, format } = placeOf(literal);
    expect(format).toBe("parquet");
    const file = await firstFile(uri);
    expect([file.subarray(0, 4).toString(), file.subarray(-4).toString()]).toEqual(["PAR1", "PAR1"]);
  }
}, 240_000);
