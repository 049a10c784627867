import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { renderKubeconfig } from "./kubeconfig.ts";

const text = renderKubeconfig({
  name: "customer-acme",
  region: "us-east-2",
  endpoint: "https://198.18.0.20:6443",
  certificateAuthorityData: "Q0E=",
});

describe("renderKubeconfig", () => {
  it("is understood by the Kubernetes client", () => {
    const config = new KubeConfig();
    config.loadFromString(text);
    expect(config.getCurrentCluster()).toMatchObject({ server: "https://198.18.0.20:6443", caData: "Q0E=" });
  });

  it("asks the cloud for a token of this cluster and carries no credential itself", () => {
    const config = new KubeConfig();
    config.loadFromString(text);
    const user = config.getCurrentUser();
    expect(user?.exec).toMatchObject({
      command: "aws",
      args: ["eks", "get-token", "--cluster-name", "customer-acme", "--region", "us-east-2", "--output", "json"],
    });
    expect(text).not.toMatch(/"token"|client-key|password/);
  });
});
