/** Organizations: accounts. The account that the provider is for plays the organisation's management account. */

import { setTimeout as sleep } from "node:timers/promises";
import type { AccountArgs } from "@pulumi/aws/organizations/account.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

type Clients = Awaited<ReturnType<Cloud["organizations"]>>;

export const organizationsTypes = (cloud: Cloud): Types => ({
  "aws:organizations/account:Account": define<Plain<AccountArgs>>({
    replaceOn: ["email", "roleName", "iamUserAccessToBilling"],
    async create({ name, email, parentId, roleName, iamUserAccessToBilling, tags }) {
      const organizations = await cloud.organizations();
      const asked = await organizations.createAccount({
        AccountName: name,
        Email: email,
        RoleName: roleName,
        IamUserAccessToBilling: iamUserAccessToBilling as "DENY",
        Tags: toTags(tags),
      });
      const id = await made(organizations, need(asked.CreateAccountStatus?.Id, "the request's id"));
      await moveTo(organizations, id, parentId);
      return id;
    },
    async read(id, _call, { parentId, closeOnDeletion, roleName, iamUserAccessToBilling }) {
      const organizations = await cloud.organizations();
      const held = (await ifThere(organizations.describeAccount({ AccountId: id })))?.Account;
      // A closed account stays for 90 days, of no use to anybody.
      if (held?.Status !== "ACTIVE") return undefined;
      const { Tags } = await organizations.listTagsForResource({ ResourceId: id });
      const parent = parentId === undefined ? undefined : await parentOf(organizations, id);
      const inputs = { name: held.Name, email: held.Email, parentId: parent, closeOnDeletion, roleName };
      return {
        inputs: properties({ ...inputs, iamUserAccessToBilling, ...fromTags(Tags) }),
        outputs: properties({ arn: held.Arn, status: held.Status, joinedMethod: held.JoinedMethod }),
      };
    },
    async update(id, { parentId, tags }, _call, olds) {
      const organizations = await cloud.organizations();
      await moveTo(organizations, id, parentId);
      await changeTags(olds.tags, tags, {
        set: (changed) => organizations.tagResource({ ResourceId: id, Tags: toTags(changed) }),
        remove: (TagKeys) => organizations.untagResource({ ResourceId: id, TagKeys }),
      });
    },
    async delete(id, _call, { closeOnDeletion }) {
      const organizations = await cloud.organizations();
      const gone = closeOnDeletion
        ? organizations.closeAccount({ AccountId: id })
        : organizations.removeAccountFromOrganization({ AccountId: id });
      await ifThere(gone);
    },
    // An e-mail address belongs to one account of AWS.
    async find({ email }) {
      const { Accounts = [] } = await (await cloud.organizations()).listAccounts({});
      return Accounts.find(({ Email, Status }) => Email === email && Status === "ACTIVE")?.Id;
    },
  }),
});

async function made(organizations: Clients, CreateAccountRequestId: string): Promise<string> {
  for (let asked = 0; asked < 300; asked++) {
    const { CreateAccountStatus } = await organizations.describeCreateAccountStatus({ CreateAccountRequestId });
    const { State, AccountId, FailureReason } = CreateAccountStatus ?? {};
    if (State === "SUCCEEDED") return need(AccountId, "the account's number");
    if (State === "FAILED") throw new Error(`the account was not made: ${FailureReason}`);
    await sleep(1000);
  }
  throw new Error("the account was not made within 5 minutes");
}

async function parentOf(organizations: Clients, ChildId: string): Promise<string> {
  return need((await organizations.listParents({ ChildId })).Parents?.[0]?.Id, "the account's parent");
}

async function moveTo(organizations: Clients, AccountId: string, parentId: string | undefined): Promise<void> {
  if (!parentId) return;
  const SourceParentId = await parentOf(organizations, AccountId);
  if (SourceParentId !== parentId) {
    await organizations.moveAccount({ AccountId, SourceParentId, DestinationParentId: parentId });
  }
}
