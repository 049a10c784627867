/** Where each kind of a run's data lies, how it is got, and what of it the customer's plane signs URLs for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { create, fromBinary, toJson } from "@bufbuild/protobuf";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ActionDataKind, ActionDataService } from "../../gen/biplane/actiondata/v1/action_data_pb.js";
import { ObjectStoreService } from "../../gen/biplane/objectstore/v1/object_store_pb.js";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { ArtifactType, DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { InputsSchema, OutputsSchema } from "../../gen/flyteidl2/task/common_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { ensureDataframesImage } from "../../sandbox/images/index.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { accessToken, api, https } from "../support/api.ts";
import { type Beside, beside } from "../support/beside.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";
import { type Stated, statedOf } from "../support/statement.ts";
import { keptByRegion, placesHolding } from "../support/written.ts";

const { proves } = evidenceFor("data/by-kind");
const { org, project, domain, outputs } = environment;
const metadata = String(outputs.customer.metadataBucket);
const fastRegistration = String(outputs.customer.fastRegistrationBucket);
const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
const finding = `found-${Date.now().toString(36)}`;
const folder = mkdtempSync(join(tmpdir(), "biplane-by-kind-"));
const archive = /\.t(ar\.)?gz$/;

// Into a given cluster's own network there is no way from here.
const ours = environment.clusters.customer === "own";

describe("of a task's run", () => {
  let run: string;
  let codeUri: string;
  let link: (artifactType: ArtifactType) => Promise<URL>;
  /** Runs that leave files, folders and dataframes. */
  let folders: string;
  let dataframe: string;
  let store: Client<typeof ObjectStoreService>;
  let stated: Stated;
  let plane: Beside | undefined;
  /** By the customer's own plane, asked as the tunnel asks it. */
  const signed = async (uri: string) => {
    const request = { org, project, domain, uri, expiresInSeconds: 60n };
    return new URL((await store.signDownload(request, { headers: await stated.headers() })).signedUrl);
  };

  beforeAll(async () => {
    if (ours) await openPlane();
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
  }, 300_000);
  afterAll(() => {
    plane?.close();
    stated?.close();
    rmSync(folder, { recursive: true });
  });

  /** Both runs begin before the one that is waited for. */
  async function openPlane(): Promise<void> {
    writeFileSync(join(folder, "sales.csv"), "city,sold\nOslo,5\n");
    const image = await ensureDataframesImage({ paths: here, tools: locateToolchain(here), progress: () => {} });
    const started = await Promise.all([
      runExample("folders", "publish", ["--files", "3"], { follow: false }),
      runExample("dataframes", "best", ["--sales", join(folder, "sales.csv")], { follow: false, image }),
    ]);
    for (const { result } of started) expect(result.exitCode, result.stderr).toBe(0);
    [folders, dataframe] = started.map(({ name }) => name) as [string, string];
    stated = await statedOf(await accessToken());
    plane = await beside("customer", "objectstore");
    store = createClient(ObjectStoreService, plane.transport);
  }

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

  it("each kind has its own way to a URL of the customer's bucket: inputs and outputs, code and reports", async () => {
    proves(["presign-data-types"], "asked for no kind, and for outputs of a run that has none, there is no URL");
    const token = await accessToken();
    const data = api(ActionDataService, token);
    const of = (name: string, kind: ActionDataKind) =>
      data.presignActionData({ org, project, domain, run: name, action: "a0", kind });
    const read = async (url: URL) => {
      expect(url.host).not.toBe(environment.endpoint);
      const { status, body } = await https(url.href);
      expect([url.pathname, status]).toEqual([url.pathname, 200]);
      return { path: url.pathname, body };
    };
    const inputs = await read(new URL((await of(run, ActionDataKind.INPUTS)).signedUrl));
    const given = fromBinary(InputsSchema, inputs.body).literals.map(({ name }) => name);
    expect([inputs.path.startsWith(`/${metadata}/${org}/`), given]).toEqual([true, ["finding"]]);
    const outputs = await read(new URL((await of(run, ActionDataKind.OUTPUTS)).signedUrl));
    expect(outputs.path.startsWith(`/${metadata}/${org}/`)).toBe(true);
    const relayed = await api(DataProxyService, token).getActionData({
      actionId: { name: "a0", run: { org, project, domain, name: run } },
    });
    expect(toJson(OutputsSchema, fromBinary(OutputsSchema, outputs.body))).toEqual(
      toJson(OutputsSchema, relayed.outputs ?? create(OutputsSchema)),
    );
    expect((await read(await link(ArtifactType.REPORT))).body.toString()).toContain(finding);
    const code = await read(await link(ArtifactType.CODE_BUNDLE));
    expect([code.path.startsWith(`/${fastRegistration}/${org}/`), code.body.subarray(0, 2).toString("hex")]).toEqual([
      true,
      "1f8b",
    ]);
    await expect(of(run, ActionDataKind.UNSPECIFIED)).rejects.toMatchObject({ code: Code.InvalidArgument });
    const { name: failed } = await runExample("failing", "failing", [], { follow: false });
    await (await runClient()).ended(failed);
    await expect(of(failed, ActionDataKind.OUTPUTS)).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("what a client gets comes by the way of its type: from the store by a URL, through the relay, or from the record", async () => {
    proves(
      ["wf-results-by-type"],
      "the same search that finds nothing of what came by URL and relay in the region's record finds the run there",
    );
    const token = await accessToken();
    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    const kind = ActionDataKind.OUTPUTS;
    const stored = await api(ActionDataService, token).presignActionData({
      ...{ org, project, domain, run, action: "a0", kind },
    });
    const urls = [new URL(stored.signedUrl), await link(ArtifactType.REPORT), await link(ArtifactType.CODE_BUNDLE)];
    const answers = await Promise.all(urls.map(({ href }) => https(href)));
    expect(urls.map(({ host }) => host)).toEqual(urls.map(() => new URL(environment.aws.endpointUrl).host));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.slice(0, 2).filter(({ body }) => !body.includes(finding))).toEqual([]);

    const lines: string[] = [];
    for await (const { logs } of api(DataProxyService, token).tailLogs({ actionId, attempt: 1 }))
      lines.push(...logs.flatMap((part) => part.lines.map(({ message }) => message)));
    expect(lines.filter((line) => line.includes(`found: ${finding}`))).toHaveLength(1);

    const { status, metadata: about } = await (await runClient()).ended(run);
    expect([status?.phase, about?.spec.case]).toEqual([ActionPhase.SUCCEEDED, "task"]);
    const kept = await keptByRegion();
    expect(placesHolding(kept, run).filter((place) => place.startsWith("database")).length).toBeGreaterThan(0);
    expect(placesHolding(kept, finding)).toEqual([]);
  });

  it.skipIf(!ours)(
    "URLs are signed for reading inputs and outputs, code and reports, and for writing code: no more",
    async () => {
      proves(
        ["presign-types-appendix-b"],
        "each URL is served for what it is of, and the same URL is refused for any other method",
      );
      const signing = ObjectStoreService.methods.filter(({ output }) =>
        output.fields.some(({ name }) => /url/.test(name)),
      );
      expect(signing.map(({ name }) => name).sort()).toEqual(["SignDownload", "SignUpload"]);
      const others = async (url: URL, but: string) => {
        const methods = ["GET", "HEAD", "PUT", "POST", "DELETE"].filter((method) => method !== but);
        const answers = methods.map((method) => https(url.href, { method, headers: { "content-length": "0" } }));
        return (await Promise.all(answers)).map(({ status }) => status);
      };
      const listed = (url: URL) =>
        https(url.origin, { rawPath: `/${url.pathname.split("/")[1]}${url.search}&list-type=2` });
      const prefix = `s3://${metadata}/${org}/${project}/${domain}/${run}/a0/1`;
      for (const uri of [`${prefix}/outputs.pb`, `${prefix}/report.html`, codeUri]) {
        const url = await signed(uri);
        expect([uri, (await https(url.href)).status]).toEqual([uri, 200]);
        expect(await others(url, "GET")).not.toContain(200);
        expect((await listed(url)).status).toBe(403);
      }
      const request = {
        org,
        project,
        domain,
        filename: "x.tar.gz",
        contentMd5: new Uint8Array(16),
        expiresInSeconds: 60n,
      };
      const { signedUrl, nativeUrl } = await store.signUpload(request, { headers: await stated.headers() });
      expect(nativeUrl.startsWith(`s3://${fastRegistration}/`)).toBe(true);
      expect(await others(new URL(signedUrl), "PUT")).not.toContain(200);
    },
  );

  it.skipIf(!ours)(
    "a URL is signed for each file, each of a folder, of a dataframe, of code and reports, one object each",
    async () => {
      proves(["objstore-signs-bulk"], "the URL of one object, asked for another's place, is refused");
      const all = await runClient();
      for (const other of [folders, dataframe])
        expect((await all.ended(other)).status?.phase).toBe(ActionPhase.SUCCEEDED);
      const objectsOf = async (of: string) => {
        const found: string[] = [];
        const Prefix = `${org}/${project}/${domain}/${of}/`;
        for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: metadata, Prefix }))
          found.push(...Contents.map(({ Key = "" }) => Key));
        return found;
      };
      const [ofFolders, ofDataframe] = await Promise.all([folders, dataframe].map(objectsOf));
      const kinds = {
        file: ofFolders?.filter((key) => key.endsWith("book.txt")) ?? [],
        folder: ofFolders?.filter((key) => /\/part-[01]\/\d\.txt$/.test(key)) ?? [],
        dataframe: ofDataframe?.filter((key) => key.endsWith("/00000")) ?? [],
        report: [`${org}/${project}/${domain}/${run}/a0/1/report.html`],
      };
      expect([kinds.file.length, kinds.folder.length]).toEqual([1, 3]);
      expect(kinds.dataframe.length).toBeGreaterThan(0);
      const uris = [codeUri, ...Object.values(kinds).flatMap((keys) => keys.map((key) => `s3://${metadata}/${key}`))];
      const urls = await Promise.all(uris.map(signed));
      expect(new Set(urls.map(({ pathname }) => pathname)).size).toBe(uris.length);
      for (const [at, url] of urls.entries()) {
        expect([uris[at], (await https(url.href)).status]).toEqual([uris[at], 200]);
        expect(decodeURIComponent(url.pathname)).toBe(`/${uris[at]?.replace("s3://", "")}`);
        const next = urls[(at + 1) % urls.length];
        expect((await https(url.origin, { rawPath: `${next?.pathname}${url.search}` })).status).toBe(403);
      }
    },
  );
});
