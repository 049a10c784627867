import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { createConnectRouter } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AppAccessService } from "../../../gen/biplane/apps/v1/access_pb.js";
import { EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { AppSessionService, PeopleService, StaffAccessService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { AuthorizerService, PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { SecretStoreService } from "../../../gen/biplane/secrets/v1/secrets_pb.js";
import { SecretService } from "../../../gen/flyteidl2/secret/secret_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { actionsRoutes } from "../../control/actions/service.ts";
import { auditRoutes } from "../../control/audit/service.ts";
import { clusterRoutes } from "../../control/cluster/service.ts";
import { secretRoutes } from "../../control/dataproxy/secrets.ts";
import { dataProxyRoutes } from "../../control/dataproxy/service.ts";
import { publicServices } from "../../control/gateway/routes.ts";
import { credentialRoutes } from "../../control/identity/credential-services.ts";
import { identityRoutes } from "../../control/identity/metadata.ts";
import { runsRoutes } from "../../control/runs/service.ts";
import { requireOwnSignIn } from "./decide.ts";
import { builtinRoles, isBuiltin } from "./permissions.ts";
import type { Rule } from "./rule.ts";
import { ruleOf } from "./rules.ts";

/** What the processes mount, asked of their own routes: no service is called, so none needs what it depends on. */
function mounted(): DescService[] {
  const router = createConnectRouter();
  const without = {} as never;
  runsRoutes(without)(router);
  actionsRoutes(without)(router);
  clusterRoutes(without)(router);
  dataProxyRoutes({ relay: without, planes: without, addresses: without, log: without })(router);
  secretRoutes({ relay: without, planes: without })(router);
  identityRoutes("https://region.biplane.test", true)(router);
  credentialRoutes(without)(router);
  auditRoutes(without)(router);
  const own = [
    ...[PolicyService, AuthorizerService, PeopleService, StaffAccessService],
    ...[AppAccessService, AppSessionService],
    ...[ObjectStoreService, LogService, EventService, SecretStoreService],
  ];
  return [...new Set([...router.handlers.map(({ service }) => service), ...own])];
}

const methods = mounted().flatMap((service) => service.methods);
const nameOf = (method: DescMethod): [string, string] => [method.parent.typeName, method.name];
const ruled = methods.map((method): [string, Rule | undefined] => [
  nameOf(method).join("/"),
  ruleOf(...nameOf(method)),
]);
const of = (who: Rule["who"]) => ruled.filter(([, rule]) => rule?.who === who).map(([name]) => name);

describe("the table of rules", () => {
  it.each(methods.map(nameOf))("has one for %s/%s", (service, method) => {
    expect(ruleOf(service, method)).toBeDefined();
  });

  it("has one for each method of each service that the gateway shows", () => {
    const shown = publicServices();
    const known = new Map(methods.map((method) => [method.parent.typeName, true]));
    expect(shown.filter((name) => !known.has(name))).toEqual([]);
  });

  it("leaves only discovery, registration and the exchange of keys and of apps' sessions open to anyone", () => {
    expect(
      of("anyone")
        .map((name) => name.split("/")[1])
        .sort(),
    ).toEqual([
      ...["BeginAppSession", "EndAppSession", "Exchange", "ExchangeAppSession"],
      ...["GetOAuth2Metadata", "GetPublicClientConfig", "Register"],
    ]);
  });

  it("asks for no permission only where the answer is about the caller alone", () => {
    expect(
      of("signed-in")
        .map((name) => name.split("/")[1])
        .sort(),
    ).toEqual(["Append", "Resolve", "ResolveCluster", "SelectCluster", "UserInfo"]);
  });

  it("keeps from tasks, API keys and staff what makes, shows and ends API keys of one's own", () => {
    expect(of("in-person")).toEqual(
      ["CreateApiKey", "ListApiKeys", "RevokeApiKey"].map((name) => `biplane.identity.v1.ApiKeyService/${name}`),
    );
    const rule = ruleOf("biplane.identity.v1.ApiKeyService", "CreateApiKey");
    if (!rule) throw new Error("there is no rule");
    expect(() => requireOwnSignIn(rule, { role: "viewer", kind: "user" }, "CreateApiKey")).not.toThrow();
    expect(() => requireOwnSignIn(rule, { role: "task", kind: "application" }, "CreateApiKey")).toThrow("own sign-in");
    expect(() => requireOwnSignIn(rule, { role: "none", kind: "user", apiKey: "k" }, "CreateApiKey")).toThrow(
      "own sign-in",
    );
    expect(() => requireOwnSignIn(rule, { role: "none", kind: "staff" }, "CreateApiKey")).toThrow("own sign-in");
  });

  it("gives a compute plane its own calls only", () => {
    expect(new Set(of("cluster").map((name) => name.split("/")[0]))).toEqual(
      new Set([
        "biplane.apps.v1.AppAccessService",
        "biplane.apps.v1.AppDirectoryService",
        "biplane.cluster.v1.ClusterLinkService",
        "biplane.cluster.v1.TunnelRecordService",
        "biplane.projects.v1.ProjectDirectoryService",
        "biplane.queue.v1.ExecutorQueueService",
      ]),
    );
  });

  it("gives a viewer nothing that changes anything", () => {
    const changing = ruled.filter(([, rule]) => rule?.who === "permitted" && rule.changes);
    const asViewer = changing.filter(
      ([, rule]) =>
        rule?.who === "permitted" && rule.anyOf.some((one) => builtinRoles.viewer.some((own) => own === one)),
    );
    expect(asViewer).toEqual([]);
    // By their names, so that a rule that forgot to say "changes" is found as well.
    const named = /^(Create|Grant|Abort|Deploy|Update|Delete|Revoke|Enqueue|Signal|Put|Upload|SignUpload|Apply)/;
    const expected = ruled
      .filter(([name, rule]) => rule?.who === "permitted" && named.test(name.split("/")[1] ?? ""))
      .filter(([name]) => !name.endsWith("/CreateDownloadLink"));
    expect(changing.map(([name]) => name).sort()).toEqual(expected.map(([name]) => name).sort());
  });

  it.each([
    ["flyteidl2.workflow.RunService", "DropEverything"],
    ["flyteidl2.workflow.RunService", "createRun"],
    ["flyteidl2.unknown.Service", "GetSecret"],
    ["__proto__", "toString"],
    ["flyteidl2.workflow.RunService", "constructor"],
  ])("gives nobody %s/%s", (service, method) => {
    expect(ruleOf(service, method)).toBeUndefined();
  });
});

describe("what a request names", () => {
  const namedBy = (method: DescMethod, message: Record<string, unknown>) => {
    const rule = ruleOf(...nameOf(method));
    if (rule?.who !== "permitted") throw new Error(`${method.name} needs no permission`);
    return rule.named(create(method.input, message));
  };
  const run = { org: "acme", project: "a", domain: "b", name: "r1" };

  it("is the place of the run, and of a deployed task that it runs", () => {
    const task = { org: "acme", project: "tasks", domain: "b", name: "n", version: "v" };
    const named = namedBy(RunService.method.createRun, {
      id: { case: "runId", value: run },
      task: { case: "taskId", value: task },
    });
    expect(named).toEqual([
      { org: "acme", at: { project: "a", domain: "b" }, name: "r1" },
      { org: "acme", at: { project: "tasks", domain: "b" }, name: "n/v", anyOf: ["view_flyte_inventory"] },
    ]);
  });

  it("is also where the trigger lies that it is started as", () => {
    const trigger = { org: "acme", project: "c", domain: "b", taskName: "n", name: "nightly" };
    const named = namedBy(RunService.method.createRun, {
      id: { case: "runId", value: run },
      task: { case: "triggerName", value: trigger },
    });
    expect(named.at(-1)).toEqual({
      org: "acme",
      at: { project: "c", domain: "b" },
      name: "nightly",
      anyOf: ["view_flyte_inventory"],
    });
  });

  it("is the organisation for lists that name nothing else, and never a narrower place than they ask for", () => {
    expect(namedBy(RunService.method.listRuns, {})).toEqual([{ org: undefined, at: "somewhere" }]);
    const scopeBy = { case: "projectId", value: { organization: "acme", name: "a", domain: "b" } };
    expect(namedBy(RunService.method.listRuns, { scopeBy })).toEqual([
      { org: "acme", at: { project: "a", domain: "b" } },
    ]);
  });

  it("is an organisation's secret where project and domain are empty", () => {
    expect(namedBy(SecretService.method.createSecret, { id: { organization: "acme", name: "s" } })).toEqual([
      { org: "acme", at: { project: "", domain: "" }, name: "s" },
    ]);
  });

  it.each(methods.filter((method) => ruleOf(...nameOf(method))?.who === "permitted").map((m) => [m.name, m] as const))(
    "of an empty %s is something",
    (_name, method) => {
      // updateTriggers and deleteTriggers name as many as the request does; held somewhere is needed in any case.
      const many = /^(Update|Delete)Triggers$/.test(method.name);
      expect(namedBy(method, {}).length).toBe(many ? 0 : 1);
    },
  );
});

it("has three built-in roles, and no other name is one", () => {
  expect(Object.keys(builtinRoles).sort()).toEqual(["admin", "contributor", "viewer"]);
  expect(["task", "none", "constructor", "toString"].filter(isBuiltin)).toEqual([]);
});
