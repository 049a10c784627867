import { expect, it } from "vitest";
import { routeOf } from "./routes.ts";

it("sends each public service to its own backend", () => {
  expect(routeOf("/flyteidl2.workflow.RunService/CreateRun")).toEqual({
    kind: "rpc",
    backend: "runs",
    service: "flyteidl2.workflow.RunService",
    method: "CreateRun",
  });
  expect(routeOf("/flyteidl2.actions.ActionsService/Enqueue")).toMatchObject({ backend: "actions" });
  expect(routeOf("/flyteidl2.workflow.RunService/WatchClusterEvents")).toMatchObject({ backend: "dataproxy" });
  expect(routeOf("/biplane.actiondata.v1.ActionDataService/PresignActionData")).toMatchObject({ backend: "dataproxy" });
  expect(routeOf("/biplane.metrics.v1.MetricsService/WatchMetrics")).toMatchObject({ backend: "dataproxy" });
  expect(routeOf("/flyteidl2.app.AppLogsService/TailLogs")).toMatchObject({ backend: "dataproxy" });
  expect(routeOf("/biplane.cluster.v1.RegistrationService/Register")).toMatchObject({ backend: "cluster" });
});

it("lets sign-in pass to identity without a token", () => {
  expect(routeOf("/oauth2/v1/token")).toEqual({ kind: "open", backend: "identity" });
  expect(routeOf("/.well-known/openid-configuration")).toEqual({ kind: "open", backend: "identity" });
});

it.each([
  "/",
  "/healthz",
  "/constructor/x",
  "/__proto__/x",
  "/oauth2/../flyteidl2.auth.IdentityService/UserInfo",
  "/oauth2/%2e%2e/x",
  "//oauth2/v1/token",
  "/biplane.queue.v1.ExecutorQueueService/Lease",
  "/biplane.apps.v1.AppDirectoryService/WatchApps",
  "/biplane.apps.v1.AppAccessService/CheckAccess",
  "/biplane.cluster.v1.ClusterLinkService/Renew",
  "/biplane.cluster.v1.PlacementService/ResolveCluster",
  "/biplane.objectstore.v1.ObjectStoreService/SignUpload",
  "/biplane.logs.v1.LogService/TailLogs",
  "/biplane.logs.v1.LogService/TailAppLogs",
  "/biplane.events.v1.EventService/WatchEvents",
  "/biplane.identity.v1.KeyExchangeService/Exchange",
  "/biplane.identity.v1.AppSessionService/ExchangeAppSession",
  "/biplane.secrets.v1.SecretStoreService/CreateSecret",
  "/flyteidl2.workflow.InternalRunService/RecordAction",
  "/flyteidl2.workflow.RunService/CreateRun/more",
])("does not show %s", (path) => {
  expect(routeOf(path)).toBeUndefined();
});
