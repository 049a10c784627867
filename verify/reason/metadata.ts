/**
 * Everything that the control plane keeps, column by column: the list that its schema is held against. Whoever adds a
 * column adds it here, with what it is; a customer's data has no kind, but for answers to conditions, which are short.
 */

export type MetadataKind =
  /** Names and ids of organisations, projects, runs, tasks, clusters, people and workers. */
  | "name"
  /** Where something stands: phases, attempts, kinds, switches, counters. */
  | "state"
  | "time"
  /** Of something that is not kept: a secret, a specification, a key. */
  | "hash"
  /** An address in the customer's own store. */
  | "reference"
  /** Who may do what, and where. */
  | "right"
  /** What the user called or tagged it. */
  | "label"
  /** A task's definition (image, resources, typed interface) or a run's settings, as one protobuf message. */
  | "definition"
  /** Why something failed or was stopped, as text. */
  | "reason"
  /** What a run that waits was answered: bounded by the database, and gone with the action that asked (decision 24). */
  | "answer";

type Columns = Record<string, readonly [kind: MetadataKind, type: string]>;

const time = ["time", "timestamp(3) with time zone"] as const;
const name = ["name", "text"] as const;
const label = ["label", "text"] as const;
const reason = ["reason", "text"] as const;
const reference = ["reference", "text"] as const;
const right = ["right", "text"] as const;
const hash = ["hash", "bytea"] as const;
const number = ["state", "integer"] as const;
const count = ["state", "bigint"] as const;
const choice = ["state", "smallint"] as const;
const definition = ["definition", "bytea"] as const;

const project: Columns = { org: name, project: name, domain: name };
const run: Columns = { ...project, run: name };
const trigger: Columns = { ...project, task_name: name, name };
const app: Columns = { ...project, name };
const action: Columns = { ...run, action: name };
const failure: Columns = { error_code: reason, error_message: reason, error_kind: choice };

export const metadataTables: Readonly<Record<string, Columns>> = {
  "biplane.projects": {
    ...{ org: name, id: name, name: label, description: label, labels: ["label", "jsonb"] },
    ...{ domains: ["name", "text[]"], state: choice, created_at: time },
  },
  "biplane.task_specs": { org: name, digest: hash, spec: definition },
  "biplane.tasks": {
    ...project,
    ...{ name, version: name, short_name: label, environment: label, description: label },
    ...{ entrypoint: ["state", "boolean"], spec_digest: hash },
    ...{ deployed_by: name, deployed_by_kind: name, created_at: time },
  },
  "biplane.runs": {
    ...run,
    ...{ source: choice, labels: ["label", "jsonb"], run_spec: definition, output_base: reference },
    ...{ start_time: time, created_by: name, created_by_kind: name, created_at: time },
    ...{ trigger_task: name, trigger_name: name, trigger_revision: count },
    overwrite_cache: ["state", "boolean"],
  },
  "biplane.actions": {
    ...action,
    ...{ parent: name, action_type: choice, action_group: label },
    ...{ task_project: name, task_domain: name, task_name: name, task_version: name, task_type: name },
    ...{ short_name: label, environment: label, spec_digest: hash, detail: definition, cache_key: ["hash", "text"] },
    ...{ input_uri: reference, output_uri: reference, cluster: name, cache_status: choice },
    ...{ phase: choice, progress: ["state", "bigint"], phase_at: time, attempt: number, changed_in: ["state", "xid8"] },
    ...failure,
    ...{ abort_reason: reason, aborted_by: name, aborted_by_kind: name },
    ...{ started_at: time, ended_at: time, created_at: time, updated_at: time },
  },
  "biplane.attempts": {
    ...action,
    ...{ attempt: number, phase: choice, phase_at: time, reached: ["time", "timestamp(3) with time zone[]"] },
    ...{ cluster: name, output_uri: reference },
    ...failure,
  },
  "biplane.cached_results": {
    ...action,
    ...{ cache_key: ["hash", "text"], output_uri: reference, created_at: time },
  },
  "biplane.queue": {
    ...action,
    ...{
      parent: name,
      id: ["state", "bigint"],
      cluster: name,
      worker: name,
      due_at: time,
      deliveries: number,
      depth: number,
    },
    ...{ cancel_reason: reason },
  },
  "biplane.conditions": {
    ...action,
    ...{ parent: name, due_at: time, answer: ["answer", "bytea"] },
    ...{ answered_by: name, answered_by_kind: name, answered_at: time },
  },
  "biplane.condition_orgs": { org: name, due_at: time },
  "biplane.triggers": {
    ...trigger,
    ...{ revision: count, active: ["state", "boolean"], due_at: time },
    ...{ deployed_at: time, updated_at: time, triggered_at: time, deleted_at: time },
  },
  "biplane.trigger_revisions": {
    ...trigger,
    ...{ revision: count, action: choice, active: ["state", "boolean"], task_version: name, description: label },
    ...{ run_spec: definition, automation: definition, input_uri: reference, inputs_hash: ["hash", "text"] },
    ...{ deployed_by: name, deployed_by_kind: name, updated_by: name, updated_by_kind: name, created_at: time },
  },
  "biplane.trigger_fires": {
    ...trigger,
    ...{ due_at: time, revision: count, outcome: ["state", "text"], run: name, reason, fired_at: time },
  },
  "biplane.trigger_orgs": { org: name, due_at: time },
  "biplane.known_orgs": { org: name },
  "biplane.app_planes": { org: name, cluster: name, domain: name, told_at: time },
  "biplane.apps": {
    ...app,
    ...{ uid: name, host: name, cluster: name, revision: count, version: count, desired_state: choice },
    ...{ spec: definition, meta: definition, deployment_status: choice, replicas: number },
    ...{ created_by: name, created_by_kind: name, created_at: time, updated_at: time },
    ...{ started_at: time, observed_at: time },
  },
  "biplane.app_conditions": {
    ...app,
    ...{ ordinal: count, revision: count, deployment_status: choice, substate: choice, message: reason },
    ...{ actor: name, actor_kind: name, at: time },
  },
  "biplane.applications": {
    ...{ org: name, client_id: name, secret_sha256: hash, role: name },
    ...{ bootstrap: ["state", "boolean"], places: ["right", "jsonb"], description: label, created_at: time },
  },
  "biplane.api_keys": {
    ...{ org: name, key_id: name, name: label, secret_sha256: hash, owner: name, owner_kind: name },
    ...{ created_at: time, expires_at: time, revoked_at: time },
  },
  "biplane.people": { org: name, subject: name, role: right, signed_in_at: time },
  "biplane.sessions": {
    ...{ org: name, session_id: name, subject: name, way: ["state", "text"], grant_id: name },
    ...{ created_at: time, expires_at: time, revoked_at: time },
  },
  "biplane.session_secrets": {
    ...{ org: name, secret_sha256: hash, session_id: name, kind: ["state", "text"], challenge: ["hash", "text"] },
    ...{ app: name, expires_at: time, used_at: time },
  },
  "biplane.staff_grants": {
    ...{ org: name, grant_id: name, subject: name, role: right, reason, granted_by: name },
    ...{ granted_at: time, expires_at: time, revoked_at: time },
  },
  // A device that nobody has signed in yet.
  "biplane.device_requests": {
    ...{ device_sha256: hash, user_code_sha256: hash, expires_at: time, interval_seconds: number },
    ...{ polled_at: time, decided_at: time, denied: ["state", "boolean"] },
  },
  "biplane.roles": { org: name, name, description: label, permissions: ["right", "text[]"], changed_at: time },
  "biplane.policies": { org: name, name, description: label, changed_at: time },
  "biplane.bindings": { org: name, policy: name, position: number, role: right, project: right, domain: right },
  "biplane.assignments": { org: name, kind: name, subject: name, policy: right },
  "biplane.registrations": {
    ...{ org: name, cluster: name, token_sha256: hash, used_by: hash, used_at: time },
    ...{ revoked_at: time, refused_keys: ["hash", "bytea[]"] },
  },
  "biplane.clusters": {
    ...{ org: name, cluster: name, certificate_serial: name, certificate_until: time, version: name },
    ...{ connections: number, registered_at: time, heard_at: time, revoked_at: time, certificates: ["name", "text[]"] },
  },
  "biplane.audit_records": {
    ...{ org: name, id: ["state", "bigint"], at: time, subject: name, subject_kind: name, operation: name },
    ...{ api_key: name },
    ...{ resource: name, decision: ["state", "text"], reason, request_id: name, tx: ["state", "xid8"] },
  },
  "biplane.audit_exports": {
    ...{ org: name, batch: count, hour: time, key: name, sha256: ["hash", "text"], records: number, oldest_at: time },
    ...{ after_tx: ["state", "xid8"], after_id: count, last_tx: ["state", "xid8"], last_id: count },
    ...{ planned_at: time, stored_at: time },
  },
  // What has been applied to the database itself.
  "biplane.migrations": {
    ...{ number, name, breaking: ["state", "boolean"], digest: ["hash", "text"] },
    ...{ applied_at: ["time", "timestamp with time zone"] },
  },
};

/** Not a tenant's: what has been applied, and devices before anybody is known. Everything else has an organisation. */
export const sharedTables: readonly string[] = ["biplane.migrations", "biplane.device_requests"];
