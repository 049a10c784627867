import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { Admission } from "./admission.ts";
import { checkApprovedRegistries, repositoryOf } from "./images.ts";
import { type AdmissionArgs, planAdmission } from "./plan.ts";
import { policyName } from "./policy.ts";

const args: AdmissionArgs = {
  namespace: "union",
  projectNamespaces: ["demo-development", "demo-production"],
  images: { platform: [`registry.test/biplane/services@sha256:${"a".repeat(64)}`], tasks: ["ghcr.io/acme"] },
  roles: { "union/executor": "arn:admin", "demo-development/default": "arn:user" },
  management: { group: "biplane:managers", level: "full" },
  sync: {
    onDemand: [{ project: "demo", domain: "production" }],
    settings: { org: "acme", dnsServers: [] },
  },
};
const policyType = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy";
const build = (more: Partial<AdmissionArgs> = {}, preview = false) =>
  recordResources(() => new Admission("admission", { ...args, ...more }), { preview });
const sorted = (made: { name: string }[]) => made.map(({ name }) => name).sort();
const names = [
  "images",
  "pods",
  "services",
  "sessions",
  "roles",
  "bindings",
  "cluster-bindings",
  "accounts",
  "tokens",
  "namespaces",
  "sync",
];

describe("tokens that task pods may hold", () => {
  const allowed = (more: Partial<AdmissionArgs>) => {
    const pods = planAdmission({ ...args, ...more }).find(({ name }) => name === "pods");
    const rule = pods?.validations.find(({ expression }) => expression.includes("serviceAccountToken.?audience"));
    return /in (\[[^\]]*\])\)/.exec(rule?.expression ?? "")?.[1];
  };

  it("are those that the cloud's own webhook gives them, and no other cloud's", () => {
    expect(allowed({})).toBe('["sts.amazonaws.com"]');
    expect(allowed({ cloud: "azure" })).toBe('["api://AzureADTokenExchange"]');
    expect(allowed({ cloud: "gcp" })).toBe("[]");
  });
});

describe("the vendor's managers", () => {
  const bindings = (more: Partial<AdmissionArgs>) => {
    const policy = planAdmission({ ...args, ...more }).find(({ name }) => name === "bindings");
    return String(policy?.variables?.[0]?.expression);
  };

  it("may be bound where they are a user only as that user, and only in the platform's namespace", () => {
    const user = "managers@acme-data.iam.gserviceaccount.com";
    const expression = bindings({ management: { user, level: "full" } });
    expect(expression).toContain(
      `(subject.kind == "User" && request.namespace == "union" && subject.name in ["${user}"])`,
    );
    expect(expression).toContain(`(request.namespace == "union" && subject.name in [])`);
    expect(bindings({})).not.toContain(`"User"`);
  });
});

describe("Admission", () => {
  it("makes each policy and its binding under the names that deployed stacks have", async () => {
    const made = await build();
    const logical = [...names, "management"].map((name) => `admission-${name}`).sort();
    for (const type of [policyType, `${policyType}Binding`]) {
      expect(
        made
          .of(type)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(logical);
    }
    const { metadata } = made.one(policyType, "admission-images").inputs as { metadata: { name: string } };
    expect(metadata.name).toBe("images.union.biplane.dev");
  });

  it("knows no managers in a self-managed plane", async () => {
    const made = await build({ management: undefined });
    expect(sorted(made.of(policyType))).toEqual(names.map((name) => `admission-${name}`).sort());
    expect(JSON.stringify(made.all.map(({ inputs }) => inputs))).not.toContain("biplane:managers");
  });

  it("refuses and keeps the refusal in the audit log, also where a policy cannot be evaluated", async () => {
    const made = await build();
    for (const { inputs } of made.of(policyType)) expect(inputs.spec).toMatchObject({ failurePolicy: "Fail" });
    for (const { inputs } of made.of(`${policyType}Binding`)) {
      expect(inputs.spec).toMatchObject({ validationActions: ["Deny", "Audit"] });
    }
  });

  it("holds where namespaces are ours by name, so that no label can be taken off", async () => {
    const made = await build();
    for (const { name, inputs } of made.of(`${policyType}Binding`)) {
      const selector = (inputs.spec as { matchResources?: { namespaceSelector: unknown } }).matchResources
        ?.namespaceSelector;
      const wide = ["admission-cluster-bindings", "admission-management", "admission-sync"].includes(name);
      const values = ["union", "demo-development", "demo-production"];
      expect(selector, name).toEqual(
        wide ? undefined : { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }] },
      );
    }
  });

  it("shows the same policies in a first preview, when no role's ARN is known", async () => {
    const seen = async (preview: boolean) => {
      const made = await recordResources(
        () => {
          const role = new pulumi.ComponentResource("test:Role", "role");
          new Admission("admission", { ...args, roles: { "union/executor": role.urn } });
        },
        { preview },
      );
      return made.all.map(({ type, name }) => `${type} ${name}`).sort();
    };
    expect(await seen(true)).toEqual(await seen(false));
  });

  it("lets a new policy stand before its binding", async () => {
    const made = await recordResources(() => new Admission("admission", args), { slow: [policyType] });
    for (const { name, begun } of made.of(`${policyType}Binding`)) {
      expect(begun).toBeGreaterThan(made.one(policyType, name).ended);
    }
  });
});

describe("each policy", () => {
  const policies = planAdmission(args);
  const ledger = JSON.parse(readFileSync(new URL("../../verify/claims/ledger.json", import.meta.url), "utf8")) as {
    claims: { id: string }[];
  };
  const seeds = new Set(ledger.claims.map(({ id }) => id));

  it.each(policies.map((policy) => [policy.name, policy] as const))(
    "%s upholds claims of the catalogue",
    (_, policy) => {
      expect(policy.claims.length).toBeGreaterThan(0);
      // Those of newer documents begin with n- and are in no seed.
      for (const id of policy.claims) expect(seeds.has(id) || id.startsWith("n-"), id).toBe(true);
    },
  );

  it.each(policies.map((policy) => [policy.name, policy] as const))("%s says what is allowed", (_, policy) => {
    for (const { told } of policy.validations) expect(told).toContain("; allowed");
  });

  it("has a name of its own", () => {
    const seen = policies.map((policy) => policyName(policy, "union"));
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe("what cannot be meant", () => {
  it.each(["library", "https://ghcr.io", "ghcr.io/Acme", "ghcr.io/", "ghcr.io/x:tag", 'a.b"] || true', "*"])(
    "%j is no registry",
    (registry) => {
      const plan = () => planAdmission({ ...args, images: { ...args.images, tasks: [registry] } });
      expect(plan).toThrow(/^approvedRegistries is ".*"; allowed: a registry's host, with a path or without/);
    },
  );

  it.each([
    "ghcr.io",
    "localhost:5000",
    "111111111111.dkr.ecr.us-east-2.amazonaws.com/union/tasks",
    "docker.io/library",
  ])("%s is one", (registry) => expect(() => checkApprovedRegistries("approvedRegistries", [registry])).not.toThrow());

  it.each(["system:masters", "eks:anything", "", "Managers", "biplane:"])(
    "%j is no group of the vendor's own",
    (group) => {
      const plan = () => planAdmission({ ...args, management: { group, level: "full" } });
      expect(plan).toThrow(/^management\.group is ".*"; allowed: a group of the vendor's own/);
    },
  );
});

describe("repositoryOf", () => {
  it.each([
    ["registry.test:5000/a/b@sha256:0", "registry.test:5000/a/b"],
    ["registry.test/a/b:1.2", "registry.test/a/b"],
    ["registry.test/a/b:1.2@sha256:0", "registry.test/a/b"],
  ])("of %s is %s", (image, repository) => expect(repositoryOf(image)).toBe(repository));
});
