import { expect, it } from "vitest";
import { afterOf, consoleRoute } from "./routes.ts";

const place = { domain: "development", project: "demo" };

it.each([
  ["/", { page: "projects" }],
  ["/v2/domain/development/project/demo", { page: "runs", ...place }],
  ["/v2/domain/development/project/demo/runs/hello-1", { page: "run", run: "hello-1", ...place }],
  ["/console/signed-in", { page: "signed-in" }],
  ["/console/sign-out", { page: "sign-out" }],
  ["/console/", { page: "nothing" }],
  ["/console/../oauth2/v1/token", { page: "nothing" }],
])("%s is a page", (path, route) => {
  expect(consoleRoute(path)).toEqual(route);
});

it.each([
  "",
  "//",
  "/console",
  "/favicon.ico",
  "/v2",
  "/v2/domain/development/project/demo/",
  "/v2/domain/development/project/demo/apps/hello",
  "/v2/domain/development/project/demo/runs/",
  "/v2/domain/%2e%2e/project/demo",
  "/v2/domain/../project/demo",
  "/flyteidl2.workflow.RunService/ListRuns",
  "/oauth2/v1/authorize",
  "/.well-known/openid-configuration",
])("%s is none", (path) => {
  expect(consoleRoute(path)).toBeUndefined();
});

it("goes on where a page ended", () => {
  expect(afterOf("/?after=a%26b")).toBe("a&b");
  expect([afterOf("/"), afterOf(undefined)]).toEqual(["", ""]);
});
