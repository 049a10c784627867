import { describe, expect, test } from "vitest";
import { actionRoute, type RequestHead, routeOf } from "./routes.ts";

const operators = new Set(["AKIAOPERATOR"]);
const signed = (service: string, key = "AKIAOPERATOR") =>
  `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-2/${service}/aws4_request, SignedHeaders=host, Signature=ab`;
const session = "ASIASESSION";

function route(method: string, target: string, rest: Partial<RequestHead> = {}): string {
  const made = routeOf({ method, target, host: "aws.biplane.test", ...rest }, operators);
  return made.to === "refuse" ? `refuse ${made.code}` : made.to;
}

describe("what is about objects goes to the object store, which judges it", () => {
  const presigned = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${session}%2F20260101%2Fus-east-2%2Fs3%2Faws4_request`;
  test.each([
    ["GET", "/data/a/b"],
    ["PUT", "/data/a?tagging"],
    ["PUT", "/data/a/b?partNumber=1&uploadId=x"],
    ["GET", "/data?list-type=2&prefix=tagging"],
    ["HEAD", "/data"],
    ["POST", "/data?delete"],
    ["GET", "/data?cors"],
    ["PUT", "/data?versioning"],
    ["GET", "/data?acl"],
  ])("%s %s", (method, target) => {
    expect(route(method, target, { authorization: signed("s3") })).toBe("objects");
    expect(route(method, target, { authorization: signed("s3", session) })).toBe("objects");
  });

  test("a workload's session that asks for a bucket's policy", () =>
    expect(route("PUT", "/data?policy", { authorization: signed("s3", session) })).toBe("objects"));
  test("a presigned URL", () => expect(route("PUT", `/data/a?${presigned}`)).toBe("objects"));
  test("an unsigned read", () => expect(route("GET", "/data/a")).toBe("objects"));
  test("a browser's preflight", () => expect(route("OPTIONS", "/data/a")).toBe("objects"));
  test("a path that looks like another host", () =>
    expect(route("GET", "//evil.test/data", { authorization: signed("s3") })).toBe("objects"));
});

test("an operator's list of buckets is the emulator's, which knows whose each is", () => {
  expect(route("GET", "/", { authorization: signed("s3") })).toBe("emulator");
  expect(route("GET", "/?max-buckets=2", { authorization: signed("s3") })).toBe("emulator");
  expect(route("GET", "/", { authorization: signed("s3", session) })).toBe("objects");
});

test.each(["/data", "/data/", "/data?x-id=CreateBucket"])("%s is made and deleted in both stores", (target) => {
  for (const method of ["PUT", "DELETE"])
    expect(route(method, target, { authorization: signed("s3") })).toBe("objects, then emulator");
});

test.each(["GET", "PUT", "DELETE"])("%s of a bucket's policy by its operator is for both stores", (method) => {
  expect(route(method, "/data?policy", { authorization: signed("s3") })).toBe("bucket policy");
});

test.each(["encryption", "publicAccessBlock", "lifecycle", "logging", "ownershipControls", "tagging"])(
  "a bucket's %s is the emulator's, for operators only",
  (subresource) => {
    const target = `/data?${subresource}`;
    expect(route("PUT", target, { authorization: signed("s3") })).toBe("emulator");
    expect(route("PUT", target, { authorization: signed("s3", session) })).toBe("refuse AccessDenied");
  },
);

test.each(["iam", "ec2", "rds", "eks", "kms", "secretsmanager", "elasticloadbalancing"])(
  "%s is the emulator's, for operators only",
  (service) => {
    expect(route("POST", "/", { authorization: signed(service) })).toBe("emulator");
    expect(route("POST", "/", { authorization: signed(service, session) })).toBe("refuse AccessDenied");
  },
);

test.each([
  ["logs", "judged logs"],
  ["ecr", "judged images"],
])("%s is the emulator's, and a workload's session is judged before it", (service, judged) => {
  expect(route("POST", "/", { authorization: signed(service) })).toBe("emulator");
  expect(route("POST", "/", { authorization: signed(service, session) })).toBe(judged);
});

describe("STS", () => {
  const form = { contentType: "application/x-www-form-urlencoded; charset=utf-8" };
  test("answers operators from the emulator, sessions from the judge that made them", () => {
    expect(route("POST", "/", { ...form, authorization: signed("sts") })).toBe("emulator");
    expect(route("POST", "/", { ...form, authorization: signed("sts", session) })).toBe("security-token");
  });

  test("takes an unsigned request only for AssumeRoleWithWebIdentity", () => {
    expect(route("POST", "/", form)).toBe("by form action");
    expect(route("GET", "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15")).toBe("security-token");
    expect(route("GET", "/?Action=ListUsers")).toBe("refuse MissingAuthenticationToken");
    expect(actionRoute("AssumeRoleWithWebIdentity").to).toBe("security-token");
    expect(actionRoute("AssumeRole").to).toBe("refuse");
    expect(actionRoute(undefined).to).toBe("refuse");
  });
});

describe("other names of the front", () => {
  test("an issuer publishes its two documents and nothing else", () => {
    const ask = (method: string, target: string, host = "oidc-customer.biplane.test") =>
      routeOf({ method, target, host }, operators);
    const found = { to: "issuer document", plane: "customer" };
    expect(ask("GET", "/.well-known/openid-configuration")).toEqual({
      ...found,
      document: "openid-configuration.json",
    });
    expect(ask("GET", "/openid/v1/jwks")).toEqual({ ...found, document: "jwks.json" });
    expect(ask("GET", "/openid/v1/jwks", "oidc-region.biplane.test:443")).toMatchObject({ plane: "region" });
    expect(ask("GET", "/../front.json").to).toBe("refuse");
    expect(ask("PUT", "/openid/v1/jwks").to).toBe("refuse");
  });

  test("login is the identity provider's", () =>
    expect(route("POST", "/token", { host: "login.biplane.test" })).toBe("login"));
  test("an unknown name is refused", () =>
    expect(route("GET", "/", { host: "bucket.aws.biplane.test" })).toBe("refuse MisdirectedRequest"));
});
