import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { looksLike, redactText } from "../reason/credentials.ts";
import { redactObject } from "./redact.ts";

const accessKey = `AKIA${"A".repeat(16)}`;
const token = `eyJ${"a".repeat(12)}.eyJ${"b".repeat(12)}.c`;

const pod = (env: { name: string; value?: string; valueFrom?: object }[]): V1Pod => ({
  metadata: {
    name: "p",
    managedFields: [{ manager: "kubectl" }],
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", "eks.amazonaws.com/role-arn": "arn:x" },
  },
  spec: { containers: [{ name: "main", command: ["sh"], args: ["--password", "hunter2"], env }] },
});

describe("an object of the cluster", () => {
  it("leaves the collector without command lines, other people's annotations and managed fields", () => {
    const kept = redactObject(pod([]));
    expect(kept).toEqual({
      metadata: { name: "p", annotations: { "eks.amazonaws.com/role-arn": "arn:x" } },
      spec: { containers: [{ name: "main", env: [] }] },
    });
  });

  it("keeps who it says that manages it", () => {
    const metadata = { annotations: { "biplane.dev/managers": "biplane:managers", note: "x" } };
    expect(redactObject({ metadata })).toEqual({
      metadata: { annotations: { "biplane.dev/managers": "biplane:managers" } },
    });
  });

  it.each([
    ["DB_PASSWORD", "hunter2", "(hidden)"],
    ["API_TOKEN", token, "(hidden)"],
    ["GREETING", accessKey, "(hidden, looks like an AWS access key id)"],
    ["NOTE", token, "(hidden)"],
    ["DATABASE_URL", "postgres://me:hunter2@db.test/x", "postgres://(hidden)@db.test/x"],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token", "/var/run/token"],
    ["ORG", "acme", "acme"],
  ])("keeps the name of the variable %s, and of its value only what may be kept", (name, value, kept) => {
    expect(redactObject(pod([{ name, value }])).spec?.containers[0]?.env).toEqual([{ name, value: kept }]);
  });

  it("keeps where a variable comes from", () => {
    const env = [{ name: "PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
    expect(redactObject(pod(env)).spec?.containers[0]?.env).toEqual(env);
  });

  it("is searched as deep as it goes: a template's variables too, and those of init containers", () => {
    const template = {
      spec: { containers: [], initContainers: [{ name: "i", env: [{ name: "PASSWORD", value: "hunter2" }] }] },
    };
    const deployment: V1Deployment = { spec: { selector: {}, template } };
    expect(JSON.stringify(redactObject(deployment))).not.toContain("hunter2");
  });

  it("still looks like a credential to a check when it was one", () => {
    const [variable] = redactObject(pod([{ name: "X", value: accessKey }])).spec?.containers[0]?.env ?? [];
    expect(looksLike(variable?.value ?? "")).toEqual(["an AWS access key id"]);
  });
});

describe("what a command printed", () => {
  it("is kept without what looks like a secret", () => {
    const printed = [
      "    Environment:",
      "      ORG:           acme",
      "      DB_PASSWORD:   hunter2",
      "      TOKEN_FILE:    /var/run/token",
      "      API_KEY:       <set to the key 'k' in secret 's'>  Optional: false",
      `a line with ${accessKey} in it`,
      "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
    ].join("\n");
    expect(redactText(printed).split("\n")).toEqual([
      "    Environment:",
      "      ORG:           acme",
      "      DB_PASSWORD:   (hidden)",
      "      TOKEN_FILE:    /var/run/token",
      "      API_KEY:       <set to the key 'k' in secret 's'>  Optional: false",
      "(hidden, looks like an AWS access key id)",
      "(hidden)",
    ]);
  });
});
