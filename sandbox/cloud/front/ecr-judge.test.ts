import { expect, test } from "vitest";
import { ecrCallOf, loggedIn, loginOf, registryCallOf } from "./ecr-judge.ts";

const place = { region: "us-east-2", account: "222222222222" };
const arn = "arn:aws:ecr:us-east-2:222222222222:repository/union/tasks";
const session = { secretAccessKey: "s", sessionToken: "t", role: "builder", expiresAt: Date.now() + 60_000 };
const target = (operation: string) => `AmazonEC2ContainerRegistry_V20150921.${operation}`;
const body = Buffer.from(JSON.stringify({ repositoryName: "union/tasks" }));

test("a call is judged on the repository that it names, a login on none", () => {
  expect(ecrCallOf(target("DescribeImages"), body, place)).toEqual({ action: "ecr:DescribeImages", resource: arn });
  expect(ecrCallOf(target("GetAuthorizationToken"), Buffer.from("{}"), place)).toEqual({
    action: "ecr:GetAuthorizationToken",
    resource: "*",
  });
});

test.each([
  [target("DeleteRepository"), body],
  [target("DescribeImages"), Buffer.from("{}")],
  [target("DescribeImages"), Buffer.from("not json")],
  ["Logs_20140328.PutLogEvents", body],
])("%s is no call that a workload makes so", (operation, sent) => {
  expect(ecrCallOf(operation, sent, place)).toBeUndefined();
});

test.each([
  ["GET", "manifests/v1", "ecr:BatchGetImage"],
  ["HEAD", "blobs/sha256:0", "ecr:GetDownloadUrlForLayer"],
  ["POST", "blobs/uploads/", "ecr:UploadLayerPart"],
  ["PATCH", "blobs/uploads/1", "ecr:UploadLayerPart"],
  ["PUT", "manifests/v1", "ecr:PutImage"],
])("%s of %s is %s", (method, path, action) => {
  expect(registryCallOf(method, `/v2/union/tasks/${path}`, place)).toMatchObject({
    action,
    resource: arn,
    repository: "union/tasks",
  });
});

test.each([
  ["DELETE", "/v2/union/tasks/manifests/v1"],
  ["GET", "/v2/_catalog"],
  ["PUT", "/v2/union/tasks/blobs/sha256:0"],
])("%s %s is asked by no client of ours", (method, path) => {
  expect(registryCallOf(method, path, place)).toBeUndefined();
});

test("a login is the session's own: no other key, no other secret, and not after it", () => {
  const find =
    (held = session) =>
    (id: string) =>
      id === "AKIA" ? held : undefined;
  const login = `Basic ${loginOf("AKIA", session)}`;
  expect(loggedIn(login, find())).toBe("AKIA");
  expect(loggedIn(login, find({ ...session, secretAccessKey: "other" }))).toBeUndefined();
  expect(loggedIn(login, () => undefined)).toBeUndefined();
  for (const bad of [undefined, "Basic ", "Bearer x", `Basic ${Buffer.from("AWS:AKIA.0").toString("base64")}`])
    expect(loggedIn(bad, find())).toBeUndefined();
});
