/** A customer's own AWS account, made in its organisation: the wall between two customers. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ownershipTags } from "../ownership/tags.ts";

export interface CustomerAccountArgs {
  org: string;
  /** Shown in the organisation. */
  accountName: string;
  /** Of the account's root user: no other account of AWS has it. */
  email: string;
  /** Root or organisational unit that the account is put into. @default the organisation's root */
  organizationalUnit?: string;
  /** Role that AWS makes in the account, for the organisation's management account to assume. */
  accessRole: string;
  /** true: refuses to be destroyed. false: `destroy` closes the account, which AWS keeps suspended for 90 days. */
  dataProtection: boolean;
  tags: Record<string, string>;
}

/** Proved by tenant-cluster-in-customer-account and tenant-separate-iam-boundaries, in the account that it makes. */
export class CustomerAccount extends pulumi.ComponentResource {
  readonly accountId: pulumi.Output<string>;
  /** What a profile assumes to run the base phase there. */
  readonly accessRoleArn: pulumi.Output<string>;

  constructor(name: string, args: CustomerAccountArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:account:CustomerAccount", name, {}, opts);
    const { org, accountName, email, organizationalUnit, accessRole, dataProtection, tags } = args;
    const account = new aws.organizations.Account(
      name,
      {
        name: accountName,
        email,
        parentId: organizationalUnit,
        roleName: accessRole,
        iamUserAccessToBilling: "DENY",
        closeOnDeletion: !dataProtection,
        tags: ownershipTags({ plane: "compute", org, tags }),
      },
      // Both are for the making alone: AWS does not answer them afterwards.
      { parent: this, protect: dataProtection, ignoreChanges: ["roleName", "iamUserAccessToBilling"] },
    );
    this.accountId = account.id;
    this.accessRoleArn = pulumi.interpolate`arn:aws:iam::${account.id}:role/${accessRole}`;
    this.registerOutputs({ accountId: this.accountId, accessRoleArn: this.accessRoleArn });
  }
}
