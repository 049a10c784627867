/** Every RPC that the gateway shows, and a call of any of them: for tests that leave none out. */
import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { ActionDataService } from "../../gen/biplane/actiondata/v1/action_data_pb.js";
import { AuditService } from "../../gen/biplane/audit/v1/audit_pb.js";
import { ClusterAdminService, RegistrationService } from "../../gen/biplane/cluster/v1/registration_pb.js";
import {
  ApiKeyService,
  ApplicationService,
  PeopleService,
  StaffAccessService,
} from "../../gen/biplane/identity/v1/identity_pb.js";
import { MetricsService } from "../../gen/biplane/metrics/v1/metrics_pb.js";
import { PolicyService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { ActionsService } from "../../gen/flyteidl2/actions/actions_service_pb.js";
import { AppLogsService } from "../../gen/flyteidl2/app/app_logs_service_pb.js";
import { AppService } from "../../gen/flyteidl2/app/app_service_pb.js";
import { AuthMetadataService } from "../../gen/flyteidl2/auth/auth_service_pb.js";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { ClusterService } from "../../gen/flyteidl2/cluster/service_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { ProjectService } from "../../gen/flyteidl2/project/project_service_pb.js";
import { SecretService } from "../../gen/flyteidl2/secret/secret_pb.js";
import { TaskService } from "../../gen/flyteidl2/task/task_service_pb.js";
import { TriggerService } from "../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { QueueService } from "../../gen/flyteidl2/workflow/queue_service_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { StateService } from "../../gen/flyteidl2/workflow/state_service_pb.js";
import { passes } from "./matrix.ts";

export const services: DescService[] = [
  ...[
    ActionDataService,
    ActionsService,
    ApiKeyService,
    ApplicationService,
    AppLogsService,
    AppService,
    AuditService,
    AuthMetadataService,
    ClusterService,
  ],
  ...[DataProxyService, IdentityService, MetricsService, SecretService],
  ...[PolicyService, ProjectService, QueueService, RegistrationService, RunService, StateService],
  ...[TaskService, TriggerService, ClusterAdminService, PeopleService, StaffAccessService],
];

export const methods = services.flatMap((service) => service.methods);
export const nameOf = (method: DescMethod) => `${method.parent.typeName}/${method.name}`;
/** Those that need a token. */
export const closed = methods.filter((method) => passes[nameOf(method)] !== "open");

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";
const isStream = (method: DescMethod): method is DescMethodServerStreaming => method.methodKind === "server_streaming";

export interface Probe {
  method: DescMethod;
  message: Message;
  headers?: Record<string, string>;
}

/** @returns code and message of the answer; Ok where it is none of a refusal, for streams after the first message. */
export async function probe(
  transport: Transport,
  { method, message, headers = {} }: Probe,
): Promise<{ code: string; said: string }> {
  const done = new AbortController();
  try {
    if (isUnary(method)) await transport.unary(method, done.signal, 10_000, headers, message);
    if (isStream(method)) {
      const asked = createAsyncIterable([message]);
      const { message: answers } = await transport.stream(method, done.signal, 10_000, headers, asked);
      await answers[Symbol.asyncIterator]().next();
    }
    return { code: "Ok", said: "" };
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return { code: Code[code], said: rawMessage };
  } finally {
    done.abort();
  }
}

/** @returns what it is answered: of a stream the first message, and nothing of what is refused. */
export async function answersOf(transport: Transport, { method, message, headers = {} }: Probe): Promise<Message[]> {
  const done = new AbortController();
  try {
    if (isUnary(method)) return [(await transport.unary(method, done.signal, 10_000, headers, message)).message];
    if (!isStream(method)) return [];
    const asked = createAsyncIterable([message]);
    const { message: answers } = await transport.stream(method, done.signal, 10_000, headers, asked);
    const first = await answers[Symbol.asyncIterator]().next();
    return first.done ? [] : [first.value];
  } catch (error) {
    if (error instanceof ConnectError) return [];
    throw error;
  } finally {
    done.abort();
  }
}
