/** The TaskAction resource, flyte.org/v1: where the two planes meet inside the customer's cluster. */
import type { types } from "@pulumi/kubernetes";

type Schema = types.input.apiextensions.v1.JSONSchemaProps;

/** Kubernetes' own spelling of its extensions, which the SDK's types only know with underscores. */
type Extended = Schema & {
  "x-kubernetes-preserve-unknown-fields"?: true;
  "x-kubernetes-list-type"?: "map";
  "x-kubernetes-list-map-keys"?: string[];
};

const text = (maxLength?: number): Schema => ({ type: "string", ...(maxLength ? { maxLength } : {}) });
const required = (maxLength: number): Schema => ({ ...text(maxLength), minLength: 1 });
const bytes: Schema = { type: "string", format: "byte" };

/** Fields and limits of the public executor's resource; the organisation is the namespace's label, not a field. */
const spec: Schema = {
  type: "object",
  required: ["runName", "project", "domain", "actionName"],
  properties: {
    runName: required(30),
    project: required(63),
    domain: required(63),
    actionName: required(30),
    parentActionName: text(30),
    actionType: { type: "string", enum: ["task", "condition", ""] },
    taskType: text(),
    shortName: text(),
    taskTemplate: bytes,
    conditionSpec: bytes,
    inputUri: text(),
    runOutputBase: text(),
    cacheKey: text(256),
    group: text(256),
    envVars: { type: "object", additionalProperties: { type: "string" } },
    interruptible: { type: "boolean" },
  },
};

const condition: Schema = {
  type: "object",
  required: ["type", "status", "lastTransitionTime", "reason", "message"],
  properties: {
    type: text(316),
    status: { type: "string", enum: ["True", "False", "Unknown"] },
    observedGeneration: { type: "integer", format: "int64", minimum: 0 },
    lastTransitionTime: { type: "string", format: "date-time" },
    reason: text(1024),
    message: text(32768),
  },
};

const conditions: Extended = {
  type: "array",
  items: condition,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
};

/** The executor keeps its own bookkeeping beside the public fields, so what else is there is preserved. */
const status: Extended = {
  type: "object",
  "x-kubernetes-preserve-unknown-fields": true,
  properties: {
    conditions,
    attempts: { type: "integer", format: "int32", minimum: 0 },
    systemFailures: { type: "integer", format: "int32", minimum: 0 },
  },
};

export const taskActionCrd = {
  metadata: { name: "taskactions.flyte.org" },
  spec: {
    group: "flyte.org",
    scope: "Namespaced",
    names: { kind: "TaskAction", listKind: "TaskActionList", plural: "taskactions", singular: "taskaction" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", required: ["spec"], properties: { spec, status } } },
        additionalPrinterColumns: [
          { name: "Run", type: "string", jsonPath: ".spec.runName" },
          { name: "Action", type: "string", jsonPath: ".spec.actionName" },
          { name: "Progressing", type: "string", jsonPath: '.status.conditions[?(@.type=="Progressing")].reason' },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
      },
    ],
  },
} satisfies types.input.apiextensions.v1.CustomResourceDefinition;
