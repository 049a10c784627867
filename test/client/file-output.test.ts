import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { outputsOf, runExample } from "../support/client.ts";
import { here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

it("a file of 10 MiB goes from the pod into the customer's bucket, and its address to the client", async () => {
  const { name, result } = await runExample("file_output", "make_file", ["--mebibytes", "10"]);
  expect(result.exitCode, result.stderr).toBe(0);
  await (await runClient()).ended(name);
  const [, Bucket, Key] =
    /s3:\/\/([^/\s"']+)\/([^\s"')]+)/.exec((await outputsOf(name)).replace(/\s*│\s*│\s*/g, "")) ?? [];
  const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
  const object = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  expect(object.ContentLength).toBe(10 * 1024 * 1024);
});
