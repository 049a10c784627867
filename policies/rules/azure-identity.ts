/** Identities in Azure: exact trust, rights on one thing, no role that could make itself more. */
import { objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

const pod = /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/;

export const azureTrustExact: Rule = {
  name: "azure-trust-is-exact",
  controls: ["lp-roles-bound-by-federation", "human-no-cloud-account"],
  says: "Who becomes an identity is named exactly: one subject of one issuer, by tokens made for one audience.",
  types: ["azure-native:managedidentity:FederatedIdentityCredential"],
  judge: ({ subject, audiences, issuer }) => {
    const named = textOf(subject);
    const kubernetes = named.startsWith("system:");
    return [
      // What a preview does not know yet is judged by the `up`.
      ...(subject !== undefined && (named.includes("*") || (kubernetes && !pod.test(named)))
        ? [`${named} is not exact`]
        : []),
      ...(textsOf(audiences).length === 1 && !textsOf(audiences).includes("*")
        ? []
        : ["audiences are not exactly one"]),
      ...(issuer === undefined || textOf(issuer) === "" || textOf(issuer).startsWith("https://")
        ? []
        : [`the issuer ${textOf(issuer)} is not an https URL`]),
    ];
  },
};

/** Owner, Contributor, User Access Administrator, Role Based Access Control Administrator. */
const basic = [
  "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  "b24988ac-6180-42a0-ab88-20f7382dd24c",
  "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
  "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
];
/** A management group, a subscription or a whole resource group. */
const wide = /^(?:\/|\/providers\/Microsoft\.Management\/.*|\/subscriptions\/[^/]+(?:\/resourceGroups\/[^/]+)?)\/?$/i;

export const azureRightsBounded: Rule = {
  name: "azure-rights-are-bounded",
  controls: ["lp-iam-minimum-permissions", "iam-roles-narrow"],
  says: "A role is given on one thing, never on a group or a subscription, and none that gives rights.",
  types: ["azure-native:authorization:RoleAssignment"],
  judge: ({ roleDefinitionId, scope }) => [
    ...(wide.test(textOf(scope)) ? [`it holds in the whole of ${textOf(scope)}`] : []),
    ...(basic.some((id) => textOf(roleDefinitionId).endsWith(id))
      ? ["its role is Owner, Contributor or gives rights"]
      : []),
  ],
};

/** By which a role could make itself, or somebody, more; or become the cluster's administrator. */
const growing =
  /\*|^Microsoft\.Authorization\/|assign\/action|listClusterAdminCredential|runCommand|listKeys|accessPolicies|federatedIdentityCredentials\/write/i;

export const azureRolesNamed: Rule = {
  name: "azure-custom-roles-cannot-grow",
  controls: ["lp-iam-minimum-permissions", "iam-roles-narrow"],
  says: "A custom role names its actions, none of which gives rights, keys or identities.",
  types: ["azure-native:authorization:RoleDefinition"],
  judge: ({ permissions }) =>
    objectsOf(permissions)
      .flatMap(({ actions, dataActions }) => [...textsOf(actions), ...textsOf(dataActions)])
      .filter((action) => growing.test(action))
      .map((action) => `${action} is among its actions`),
};
