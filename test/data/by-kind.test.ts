/** Where each kind of a run's data lies, and how it is got: a task's report and its code. */
import { ListObjectsV2Command, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { ArtifactType, DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { accessToken, api, https } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("data/by-kind");
const { org, project, domain, outputs } = environment;
const metadata = String(outputs.customer.metadataBucket);
const fastRegistration = String(outputs.customer.fastRegistrationBucket);
const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
const finding = `found-${Date.now().toString(36)}`;
const archive = /\.t(ar\.)?gz$/;

describe("of a task's run", () => {
  let run: string;
  let codeUri: string;
  let link: (artifactType: ArtifactType) => Promise<URL>;

  beforeAll(async () => {
    const { name, result } = await runExample("reported", "reported", ["--finding", finding]);
    expect(result.exitCode, result.stderr).toBe(0);
    run = name;
    const { spec } = await (await runClient()).ended(run);
    codeUri = (spec.case === "task" && spec.value.taskTemplate?.metadata?.codeBundleUri) || "";
    const data = api(DataProxyService, await accessToken());
    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    const source = { case: "actionAttemptId" as const, value: { actionId, attempt: 1 } };
    link = async (artifactType) =>
      new URL((await data.createDownloadLink({ artifactType, source })).preSignedUrls?.signedUrl[0] ?? "");
  });

  it("the report lies beside its outputs in the customer's bucket, and a browser gets it there by a URL", async () => {
    proves(
      ["data-reports-object-store", "data-reports-presigned-browser"],
      "without its signature the same address is refused",
    );
    const Prefix = `${org}/${project}/${domain}/${run}/a0/1/`;
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: metadata, Prefix }));
    expect(Contents.map(({ Key }) => Key)).toContain(`${Prefix}report.html`);
    const url = await link(ArtifactType.REPORT);
    expect(url.host).not.toBe(environment.endpoint);
    expect(url.pathname.endsWith(`/${Prefix}report.html`)).toBe(true);
    const page = await https(url.href);
    expect([page.status, page.body.toString()]).toEqual([200, expect.stringContaining(finding)]);
    expect((await https(url.origin + url.pathname)).status).toBe(403);
  });

  it("the code lies in the bucket of fast registration alone, for its pod and, by a URL, for a browser", async () => {
    proves(
      ["data-code-bundle-fast-reg-bucket", "data-code-bundle-get-paths"],
      "a page of another origin is not let in by the same bucket",
    );
    expect(codeUri).toMatch(new RegExp(`^s3://${fastRegistration}/${org}/${project}/${domain}/.*${archive.source}`));
    const elsewhere: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: metadata }))
      elsewhere.push(...Contents.flatMap(({ Key = "" }) => (archive.test(Key) ? [Key] : [])));
    expect(elsewhere).toEqual([]);

    const { href } = await link(ArtifactType.CODE_BUNDLE);
    const from = async (origin: string) => {
      const { status, headers } = await https(href, { headers: { origin } });
      return [status, headers["access-control-allow-origin"]];
    };
    expect(await from(`https://${environment.endpoint}`)).toEqual([200, `https://${environment.endpoint}`]);
    expect((await from("https://stranger.test"))[1]).toBeUndefined();
  });
});
