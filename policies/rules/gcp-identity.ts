/** Identities in Google Cloud: no keys, exact trust, no basic roles, nobody at large. */
import { objectOf, textOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

export const googleNoKeys: Rule = {
  name: "google-no-static-identity",
  controls: ["iam-no-static-credentials", "iam-no-credentials-created-or-rotated"],
  says: "No key of a service account and no HMAC key is made: pods are who they are, people come by their own provider.",
  types: ["gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey", "gcp:projects/apiKey:ApiKey"],
  judge: (_, { type }) => [`${type.split(":").at(-1)} is a credential that never ends`],
};

const workloadIdentityUser = "roles/iam.workloadIdentityUser";
const onAccount = ["gcp:serviceaccount/iAMMember:IAMMember", "gcp:serviceaccount/iAMBinding:IAMBinding"] as const;

/** One pod's account, or the sessions of one role of the vendor's. */
const exact = [
  /^serviceAccount:[a-z0-9.:-]+\.svc\.id\.goog\[[a-z0-9-]+\/[a-z0-9.-]+\]$/,
  /^principalSet:\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/attribute\.aws_role\/arn:aws:sts::\d{12}:assumed-role\/[\w+=,.@-]+$/,
];

export const googleTrustExact: Rule = {
  name: "google-trust-is-exact",
  controls: ["lp-roles-bound-by-federation", "human-no-cloud-account"],
  says: "Who becomes a service account is named exactly: a pod's own account, or one role of the vendor's.",
  types: [...onAccount],
  judge: ({ role, member, members }) =>
    textOf(role) === workloadIdentityUser
      ? [...textsOf(members), ...(member === undefined ? [] : [textOf(member)])]
          // A member of which a preview does not know all is judged by the `up`.
          .filter((who) => who !== "" && !exact.some((form) => form.test(who)))
          .map((who) => `${who} is not exact`)
      : [],
};

const grants = [
  "gcp:projects/iAMMember:IAMMember",
  "gcp:projects/iAMBinding:IAMBinding",
  "gcp:storage/bucketIAMMember:BucketIAMMember",
  "gcp:storage/bucketIAMBinding:BucketIAMBinding",
  "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
  "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
  "gcp:logging/logViewIamMember:LogViewIamMember",
  "gcp:secretmanager/secretIamMember:SecretIamMember",
  ...onAccount,
] as const;

const basic = ["roles/owner", "roles/editor", "roles/viewer"];
/** Of a whole project: data, secrets, logs or somebody else's identity. */
const neverInProject =
  /^roles\/(?:storage\.|secretmanager\.|logging\.(?:viewer|privateLogViewer|viewAccessor)|iam\.(?:serviceAccountTokenCreator|serviceAccountUser|workloadIdentityUser|serviceAccountKeyAdmin|securityAdmin)|cloudkms\.)/;

export const googleRightsBounded: Rule = {
  name: "google-rights-are-bounded",
  controls: ["lp-iam-minimum-permissions", "iam-roles-narrow"],
  says: "No basic role is granted, and no role over data, secrets, logs, keys or identities in a whole project.",
  types: [...grants],
  judge: ({ role, condition }, { type }) => {
    const name = textOf(role);
    const wide = type.startsWith("gcp:projects/") && neverInProject.test(name) && !objectOf(condition).expression;
    return [
      ...(basic.includes(name) ? [`${name} is a basic role`] : []),
      ...(wide ? [`${name} in the whole project`] : []),
    ];
  },
};

export const googleNobodyAtLarge: Rule = {
  name: "google-nothing-is-everybodys",
  controls: ["tenant-separate-iam-boundaries", "human-no-iam-credentials"],
  says: "Nothing is granted to everybody, signed in or not, nor to a whole domain.",
  types: [...grants],
  judge: ({ member, members }) =>
    [textOf(member), ...textsOf(members)]
      .filter((who) => /^(?:allUsers$|allAuthenticatedUsers$|domain:|project(?:Owner|Editor|Viewer):)/.test(who))
      .map((who) => `${who} is let in`),
};

/** By which a role could make itself, or somebody, more. */
const growing = /\*|setIamPolicy|actAs|getAccessToken|signJwt|serviceAccountKeys\.create|roles\.(?:create|update)/;

export const googleRolesNamed: Rule = {
  name: "google-custom-roles-cannot-grow",
  controls: ["lp-iam-minimum-permissions", "iam-roles-narrow"],
  says: "A custom role names its permissions, none of which gives rights or identities.",
  types: ["gcp:projects/iAMCustomRole:IAMCustomRole"],
  judge: ({ permissions }) =>
    textsOf(permissions)
      .filter((permission) => growing.test(permission))
      .map((permission) => `${permission} is among its permissions`),
};
