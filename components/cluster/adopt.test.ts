import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { adoptCluster } from "./adopt.ts";
import { adoptionChecks, checkAdopted, checkLink, type FoundCluster } from "./adopt-checks.ts";

const good: FoundCluster = {
  name: "theirs",
  status: "ACTIVE",
  version: "1.34",
  issuer: "https://oidc.theirs",
  secretsKeyArn: "arn:aws:kms:us-east-2:111111111111:key/theirs",
  endpointPrivateAccess: true,
  endpointPublicAccess: false,
  publicAccessCidrs: [],
  logTypes: ["api", "audit", "authenticator"],
  authenticationMode: "API_AND_CONFIG_MAP",
};

const bad: Record<string, Partial<FoundCluster>> = {
  status: { status: "DELETING" },
  "Kubernetes version": { version: "1.29" },
  "OIDC issuer": { issuer: undefined },
  "envelope encryption of Secrets": { secretsKeyArn: undefined },
  "private endpoint": { endpointPrivateAccess: false },
  "public endpoint": { endpointPublicAccess: true, publicAccessCidrs: ["0.0.0.0/0"] },
  "control-plane logs": { logTypes: ["api"] },
  "authentication mode": { authenticationMode: "CONFIG_MAP" },
};

describe("checkAdopted", () => {
  it("takes a cluster that has it all, with a public API for listed networks too", () => {
    expect(() => checkAdopted(good)).not.toThrow();
    checkAdopted({ ...good, endpointPublicAccess: true, publicAccessCidrs: ["203.0.113.0/24"] });
  });

  it.each(adoptionChecks.map(({ what, todo }) => [what, todo]))("refuses by %s and says what to do", (what, todo) => {
    const words = `${what} of the adopted cluster theirs`;
    expect(() => checkAdopted({ ...good, ...bad[what] })).toThrow(words);
    expect(() => checkAdopted({ ...good, ...bad[what] })).toThrow(todo);
  });
});

describe("checkLink", () => {
  it("names the missing step where the API is private and nothing leads to it", () => {
    expect(() => checkLink(good, "none")).toThrow(/biplane:link.*"none".*clusterLinks.*acceptedEndpoints/);
  });

  it("asks for no link where one is named, or where the API answers listed networks", () => {
    checkLink(good, "inside");
    checkLink(good, "private-link");
    checkLink({ ...good, endpointPublicAccess: true, publicAccessCidrs: ["203.0.113.0/24"] }, "none");
  });
});

function answers(found: FoundCluster) {
  const EncryptionConfig = [{ Resources: ["secrets"], Provider: { KeyArn: found.secretsKeyArn } }];
  const known: Record<string, Record<string, unknown>> = {
    "aws:eks/getCluster:getCluster": {
      ...found,
      endpoint: "https://api.theirs",
      certificateAuthorities: [{ data: "Q0E=" }],
      identities: [{ oidcs: [{ issuer: found.issuer }] }],
      vpcConfig: {
        clusterSecurityGroupId: "sg-theirs",
        endpointPrivateAccess: found.endpointPrivateAccess,
        endpointPublicAccess: found.endpointPublicAccess,
        publicAccessCidrs: found.publicAccessCidrs,
      },
      enabledClusterLogTypes: found.logTypes,
      accessConfigs: [{ authenticationMode: found.authenticationMode }],
    },
    "aws:cloudcontrol/getResource:getResource": { properties: JSON.stringify({ EncryptionConfig }) },
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": { arn: "arn:provider" },
  };
  return (token: string) => known[token];
}

const managers = {
  name: "managers",
  principalArn: "arn:aws:iam::111111111111:role/m",
  access: "groups" as const,
  groups: ["g"],
};

describe("adoptCluster", () => {
  const adopt = (found: FoundCluster, more: Partial<Parameters<typeof adoptCluster>[1]> = {}, preview = false) => {
    const seen: Record<string, unknown> = {};
    const recorded = recordResources(
      () => {
        const args = { region: "us-east-2", clusterName: "theirs", tags: {}, ...more };
        const cluster = adoptCluster("main", args);
        const outputs = {
          kubeconfig: cluster.kubeconfig,
          port: cluster.apiPort,
          group: cluster.nodeSecurityGroupId,
          version: cluster.version,
          issuer: cluster.workloadIssuer.issuer,
          provider: cluster.workloadIssuer.providerArn,
        };
        pulumi.output(outputs).apply((values) => Object.assign(seen, values));
      },
      { calls: answers(found), preview },
    );
    return recorded.then((made) => ({ made, seen }));
  };

  it.each([true, false])(
    "answers what a cluster of one's own answers, and makes nothing (preview: %s)",
    async (preview) => {
      const { made, seen } = await adopt(good, {}, preview);
      expect(seen).toMatchObject({
        kubeconfig: expect.stringContaining("https://api.theirs"),
        port: 443,
        group: "sg-theirs",
        version: "1.34",
        issuer: "oidc.theirs",
        provider: "arn:provider",
      });
      expect(made.all.filter(({ type }) => type.startsWith("aws:"))).toEqual([]);
    },
  );

  it("makes the identity provider where the account has none, and the entries that are asked for", async () => {
    const { made } = await adopt(good, { identityProvider: "create", access: [managers] });
    expect(made.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider").inputs.url).toBe("https://oidc.theirs");
    expect(made.one("aws:eks/accessEntry:AccessEntry").inputs).toMatchObject({ clusterName: "theirs" });
  });
});
