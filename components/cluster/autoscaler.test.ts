import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { NodeAutoscaler } from "./autoscaler.ts";
import { clusterRules, ownRules } from "./autoscaler-rules.ts";

const image = `registry.test/cluster-autoscaler@sha256:${"a".repeat(64)}`;
const roleArn = "arn:aws:iam::111111111111:role/acme-node-autoscaler";
const build = () =>
  recordResources(() => new NodeAutoscaler("autoscaler", { clusterName: "acme", region: "us-east-2", image, roleArn }));

describe("NodeAutoscaler", () => {
  it("acts as the one account that its role trusts, under the restricted standard, on this cluster's groups only", async () => {
    const made = await build();
    expect(made.one("kubernetes:core/v1:ServiceAccount").inputs.metadata).toMatchObject({
      name: "cluster-autoscaler",
      namespace: "kube-system",
      annotations: { "eks.amazonaws.com/role-arn": roleArn },
    });
    const { template } = made.one("kubernetes:apps/v1:Deployment").inputs.spec as { template: { spec: object } };
    expect(template.spec).toMatchObject({
      serviceAccountName: "cluster-autoscaler",
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          image,
          command: expect.arrayContaining([expect.stringContaining("k8s.io/cluster-autoscaler/acme")]),
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        },
      ],
    });
  });

  it("is called by nobody", async () => {
    const { spec } = (await build()).one("kubernetes:networking.k8s.io/v1:NetworkPolicy").inputs;
    expect(spec).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
    expect(spec).not.toHaveProperty("ingress");
  });

  it("has rules without wildcards, and reads no Secret", () => {
    const rules = [...clusterRules, ...ownRules];
    const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
    expect(words.filter((word) => word.includes("*") || word === "secrets" || word === "escalate")).toEqual([]);
  });
});
