import type { DescService } from "@bufbuild/protobuf";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  ClusterLinkService,
  PlacementService,
  RegistrationService,
} from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { ExecutorQueueService } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionsService } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { AuthMetadataService } from "../../../gen/flyteidl2/auth/auth_service_pb.js";
import { IdentityService } from "../../../gen/flyteidl2/auth/identity_pb.js";
import { ClusterService } from "../../../gen/flyteidl2/cluster/service_pb.js";
import { DataProxyService } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { SecretService } from "../../../gen/flyteidl2/secret/secret_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { QueueService } from "../../../gen/flyteidl2/workflow/queue_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { StateService } from "../../../gen/flyteidl2/workflow/state_service_pb.js";
import { testIssuer } from "../testing/issuer.ts";
import { callerOf } from "./caller.ts";
import { authInterceptor } from "./interceptor.ts";
import { allowedRoles } from "./rights.ts";
import { tokenVerifier } from "./verifier.ts";

const mounted: DescService[] = [
  ActionsService,
  AuthMetadataService,
  ClusterLinkService,
  ClusterService,
  DataProxyService,
  ExecutorQueueService,
  IdentityService,
  LogService,
  ObjectStoreService,
  PlacementService,
  ProjectService,
  QueueService,
  RegistrationService,
  RunService,
  StateService,
  TaskService,
  TriggerService,
];
const methods = mounted.flatMap((service) => service.methods.map((method) => [service.typeName, method.name] as const));
const byName = (name: string) =>
  methods.filter(([service, method]) => allowedRoles(service, method).includes(name as never));

describe("the table of rights", () => {
  it.each(methods)("has a rule for %s/%s", (service, method) => {
    expect(allowedRoles(service, method).length).toBeGreaterThan(0);
  });

  it("leaves only discovery and registration open to anyone", () => {
    const open = methods.filter(([service, method]) => allowedRoles(service, method) === "anyone");
    expect(open.map(([, method]) => method).sort()).toEqual(["GetOAuth2Metadata", "GetPublicClientConfig", "Register"]);
  });

  it("gives a viewer nothing that changes anything", () => {
    const changing =
      /^(Create|Abort|Deploy|Update|Delete|Enqueue|Signal|Put|Upload|SignUpload|Renew|Report|Lease|Heartbeat)/;
    const writes = byName("viewer").filter(([, method]) => changing.test(method) && method !== "CreateDownloadLink");
    expect(writes).toEqual([]);
  });

  it("gives a compute plane its own calls only", () => {
    expect(new Set(byName("cluster").map(([service]) => service))).toEqual(
      new Set(["biplane.cluster.v1.ClusterLinkService", "biplane.queue.v1.ExecutorQueueService"]),
    );
  });

  it.each([
    ["flyteidl2.workflow.RunService", "DropEverything"],
    ["flyteidl2.secret.SecretService", "GetSecret"],
    ["__proto__", "toString"],
    ["flyteidl2.workflow.RunService", "constructor"],
  ])("gives nobody %s/%s", (service, method) => {
    expect(allowedRoles(service, method)).toEqual([]);
  });
});

describe("the interceptor", () => {
  const transport = async () => {
    const issuer = await testIssuer();
    const interceptors = [authInterceptor(tokenVerifier([issuer.trusted]))];
    const made = createRouterTransport(
      ({ service }) => {
        service(IdentityService, { userInfo: (_request, context) => ({ subject: callerOf(context).subject }) });
        service(ProjectService, { createProject: () => ({}) });
        service(SecretService, { getSecret: () => ({}) });
      },
      { router: { interceptors } },
    );
    return {
      made,
      headers: async (claims = {}) => ({ headers: { authorization: `Bearer ${await issuer.token(claims)}` } }),
    };
  };

  it("hands the caller to the service", async () => {
    const { made, headers } = await transport();
    expect((await createClient(IdentityService, made).userInfo({}, await headers({ sub: "ann" }))).subject).toBe("ann");
  });

  it("refuses a role that the table does not name, before the service runs", async () => {
    const { made, headers } = await transport();
    const call = createClient(ProjectService, made).createProject({}, await headers({ role: "contributor" }));
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("refuses a mounted method without a rule even to an admin", async () => {
    const { made, headers } = await transport();
    const call = createClient(SecretService, made).getSecret({}, await headers());
    await expect(call).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("serves nobody where it was forgotten", async () => {
    const forgotten = createRouterTransport(({ service }) => {
      service(IdentityService, { userInfo: (_request, context) => ({ subject: callerOf(context).subject }) });
    });
    await expect(createClient(IdentityService, forgotten).userInfo({})).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });
});
