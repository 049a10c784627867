import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import { withFolder } from "../verify/reason/testing/manifests.ts";
import { goodAzureTarget } from "../verify/testing/good-azure.ts";
import { goodTarget } from "../verify/testing/good-plane.ts";
import { goodControlPlane } from "../verify/testing/good-region.ts";
import { permissionsCommand } from "./commands/verify-permissions.ts";
import { parseOptions } from "./config.ts";

const both = { ...goodTarget, controlPlane: goodControlPlane };
const { metadata, fastRegistration } = goodTarget.buckets;

/** What it prints, document by document. */
function printed(target: object, options: object) {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  return withFolder({ "target.json": JSON.stringify(target) }, (folder) => {
    // It has read and written all before it first waits for anything.
    const done = permissionsCommand(
      parseOptions("verifyPermissions", { target: join(folder, "target.json"), ...options }),
    );
    const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
    write.mockRestore();
    return done.then(() => parseAllDocuments(text).map((document) => document.toJS()));
  });
}

afterEach(() => void vi.restoreAllMocks());

describe("verify permissions", () => {
  it.each([
    ["aws", "compute", [`arn:aws:s3:::${metadata}`, `arn:aws:s3:::${fastRegistration}`]],
    ["aws", "control", ["arn:aws:s3:::*"]],
    // Every region stands in AWS, wherever its customers' planes do.
    ["azure", "control", ["arn:aws:s3:::*"]],
  ])("--cloud %s --plane %s names the buckets that are read there", async (cloud, plane, buckets) => {
    const [policy] = await printed(both, { cloud, plane, only: "aws" });
    expect(policy.Statement).toContainEqual(expect.objectContaining({ Sid: "Buckets", Resource: buckets }));
  });

  it.each(["compute", "control"])("refuses a target that is none, whichever plane is asked of: %s", async (plane) => {
    await expect(printed({ customer: {} }, { cloud: "aws", plane })).rejects.toThrow(/target\.json/);
  });

  it("names any bucket where no target says which", async () => {
    const [policy] = await printed({ controlPlane: goodControlPlane }, { cloud: "aws", only: "aws" });
    expect(policy.Statement[1].Resource).toEqual(["arn:aws:s3:::*"]);
  });

  it("prints a ClusterRole of each plane's own before the account's rights", async () => {
    const [region, account, more] = await printed(both, { cloud: "aws", plane: "control" });
    const [customer] = await printed(both, { cloud: "aws", plane: "compute", only: "kubernetes" });
    expect([region.kind, customer.kind, account.Version, more]).toEqual([
      ...["ClusterRole", "ClusterRole", "2012-10-17", undefined],
    ]);
    expect(region.rules).not.toEqual(customer.rules);
  });

  it("makes a subscription's roles assignable in the target's own", async () => {
    const roles = await printed(goodAzureTarget, { cloud: "azure", only: "azure" });
    expect(roles).toHaveLength(2);
    for (const role of roles) expect(role.AssignableScopes).toEqual([`/subscriptions/${goodAzureTarget.subscription}`]);
  });

  it("refuses the part of a cloud in which that plane does not stand", async () => {
    const asked = () => printed(both, { cloud: "azure", plane: "control", only: "azure" });
    await expect(asked()).rejects.toThrow(/--only is "azure".*kubernetes or aws/s);
  });
});
