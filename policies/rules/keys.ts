/** Keys, secrets and images. */
import { objectOf, textOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";
import { statementsOf } from "../statements.ts";

export const keyRotates: Rule = {
  name: "key-rotates",
  controls: ["cp-rds-encrypted-aes256", "enc-at-rest-object-store"],
  says: "A symmetric key is made anew every year.",
  types: ["aws:kms/key:Key"],
  judge: ({ enableKeyRotation, customerMasterKeySpec }) =>
    enableKeyRotation === true || /^(?:RSA|ECC|HMAC|SM2)/.test(textOf(customerMasterKeySpec))
      ? []
      : ["enableKeyRotation is not on"],
};

const resourcePolicies = [
  "aws:kms/key:Key",
  "aws:s3/bucketPolicy:BucketPolicy",
  "aws:ecr/repositoryPolicy:RepositoryPolicy",
  "aws:secretsmanager/secretPolicy:SecretPolicy",
  "aws:sns/topicPolicy:TopicPolicy",
  "aws:backup/vaultPolicy:VaultPolicy",
] as const;

export const nothingIsEverybodys: Rule = {
  name: "nothing-is-everybodys",
  controls: ["tenant-separate-iam-boundaries", "human-no-iam-credentials"],
  says: "A resource's own policy lets nobody in unnamed: all the world only under a condition on who or whence.",
  types: [...resourcePolicies],
  judge: ({ policy }) =>
    (statementsOf(policy) ?? [])
      .filter(({ allows, principals }) => allows && principals.includes("*"))
      .filter(({ conditions }) => !conditions.some(({ key }) => namesACaller(key)))
      .map(({ actions }) => `anybody may ${actions.join(", ")}`),
};

/** Conditions that say who asks or by which way; a mere date or TLS does not. */
function namesACaller(key: string): boolean {
  return /^(?:aws:(?:PrincipalArn|PrincipalAccount|PrincipalOrgID|SourceArn|SourceAccount|SourceVpce)|kms:CallerAccount)$/i.test(
    key,
  );
}

export const imagesStayWhatTheyAre: Rule = {
  name: "images-stay-what-they-are",
  controls: ["image-scanning-customer-defined", "enc-at-rest-registry"],
  says: "A pushed tag never moves, and every image is scanned when it comes.",
  types: ["aws:ecr/repository:Repository"],
  judge: ({ imageTagMutability, imageScanningConfiguration }) => [
    ...(/^IMMUTABLE/.test(textOf(imageTagMutability)) ? [] : ["tags can be moved"]),
    ...(objectOf(imageScanningConfiguration).scanOnPush === true ? [] : ["scanOnPush is not on"]),
  ],
};
