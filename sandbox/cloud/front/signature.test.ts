import { createHash } from "node:crypto";
import { EKSClient, ListTagsForResourceCommand } from "@aws-sdk/client-eks";
import { GetBucketEncryptionCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { expect, test } from "vitest";
import { callerOf } from "./caller.ts";
import { type SignedRequest, verifySignature } from "./signature.ts";

const secretAccessKey = "secret";
const options = {
  region: "us-east-2",
  endpoint: "https://aws.biplane.test",
  credentials: { accessKeyId: "AKIAOPERATOR", secretAccessKey },
};

interface Wire {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body?: string;
}

/** Catches what a real client would have sent. */
async function wireOf(send: (requestHandler: { handle(request: Wire): Promise<never> }) => Promise<unknown>) {
  let caught: Wire | undefined;
  const stop = (request: Wire): Promise<never> => {
    caught = request;
    return Promise.reject(new Error("not sent"));
  };
  await send({ handle: stop }).catch(() => undefined);
  if (!caught) throw new Error("the client sent nothing");
  const query = new URLSearchParams(caught.query).toString();
  return {
    method: caught.method,
    target: query ? `${caught.path}?${query}` : caught.path,
    headers: caught.headers,
    body: Buffer.from(caught.body ?? ""),
  };
}

async function verdict(request: SignedRequest, secret = secretAccessKey, now = Date.now()): Promise<string> {
  const caller = callerOf(request.headers.authorization, new URLSearchParams());
  if (!caller) throw new Error("unsigned");
  const given = await verifySignature(request, caller, secret, now);
  return given.genuine ? "genuine" : given.code;
}

const whoAmI = () =>
  wireOf((requestHandler) =>
    new STSClient({ ...options, requestHandler, maxAttempts: 1 }).send(new GetCallerIdentityCommand({})),
  );

test("what real clients sign is genuine: a form, an escaped path with query, and S3's own rules", async () => {
  expect(await verdict(await whoAmI())).toBe("genuine");
  const tags = await wireOf((requestHandler) =>
    new EKSClient({ ...options, requestHandler, maxAttempts: 1 }).send(
      new ListTagsForResourceCommand({ resourceArn: "arn:aws:eks:us-east-2:111111111111:cluster/a b" }),
    ),
  );
  expect(await verdict(tags)).toBe("genuine");
  const configured = await wireOf((requestHandler) =>
    new S3Client({ ...options, requestHandler, maxAttempts: 1, forcePathStyle: true }).send(
      new GetBucketEncryptionCommand({ Bucket: "data" }),
    ),
  );
  expect(await verdict(configured)).toBe("genuine");
});

test("another secret, method, path, query, header or body is not", async () => {
  const request = await whoAmI();
  expect(await verdict(request, "guess")).toBe("SignatureDoesNotMatch");
  expect(await verdict({ ...request, method: "PUT" })).toBe("SignatureDoesNotMatch");
  expect(await verdict({ ...request, target: "/other" })).toBe("SignatureDoesNotMatch");
  expect(await verdict({ ...request, target: "/?Action=DeleteUser" })).toBe("SignatureDoesNotMatch");
  expect(await verdict({ ...request, headers: { ...request.headers, host: "evil.test" } })).toBe(
    "SignatureDoesNotMatch",
  );
  const { "x-amz-content-sha256": _, ...headers } = request.headers;
  const altered = Buffer.from("Action=DeleteUser");
  expect(await verdict({ ...request, headers, body: altered })).not.toBe("genuine");
  const hash = createHash("sha256").update(altered).digest("hex");
  expect(await verdict({ ...request, headers: { ...headers, "x-amz-content-sha256": hash }, body: altered })).not.toBe(
    "genuine",
  );
});

test("a request is good for 15 minutes", async () => {
  const request = await whoAmI();
  const minutes = 60_000;
  expect(await verdict(request, secretAccessKey, Date.now() + 14 * minutes)).toBe("genuine");
  expect(await verdict(request, secretAccessKey, Date.now() + 16 * minutes)).toBe("SignatureDoesNotMatch");
  expect(await verdict(request, secretAccessKey, Date.now() - 16 * minutes)).toBe("SignatureDoesNotMatch");
});

test("a presigned URL opens nothing but objects", async () => {
  const request = await whoAmI();
  const caller = callerOf(request.headers.authorization, new URLSearchParams());
  if (!caller) throw new Error("unsigned");
  const { authorization: _, ...headers } = request.headers;
  expect(await verifySignature({ ...request, headers }, caller, secretAccessKey)).toMatchObject({ genuine: false });
});
