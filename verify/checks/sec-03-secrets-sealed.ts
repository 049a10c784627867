import { secretPrefix } from "../../components/secrets/names.ts";
import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** Both places in which users' secrets may lie: etcd, and the cloud's manager. */
export const secretsSealed = defineCheck({
  id: "SEC-03",
  title: "Secrets are sealed at rest, in the cluster by a key of the account, in the secrets manager by its key",
  severity: "high",
  claims: ["enc-at-rest-secrets-backend"],
  documented: [],
  fix: "Give the cluster encryptionConfig for secrets, and the secrets a key that exists and is enabled.",
  needs: ["cluster", "keys", "stores"],
  evaluate({ cluster, keys, stores }, target) {
    const keyOf = (id: string) =>
      keys.find(
        ({ arn }) => arn === id || arn.endsWith(`:key/${id}`) || arn.endsWith(id.replace(/^.*:key\//, ":key/")),
      );
    const judgeKey = (subject: string, id: string): Finding => {
      const key = keyOf(id);
      if (!key) return fail(subject, `its key ${id} is none of the account's`);
      if (!key.enabled) return fail(subject, `its key ${key.arn} is disabled`);
      if (key.spec !== "SYMMETRIC_DEFAULT") return fail(subject, `its key ${key.arn} is ${key.spec}`);
      return pass(subject, `AES-256 under ${key.arn}`);
    };
    const { secretsKeyArn, encryptedResources, arn } = cluster;
    const sealed = encryptedResources.includes("secrets") && secretsKeyArn !== undefined;
    return [
      sealed ? judgeKey(arn, secretsKeyArn) : fail(arn, "no envelope encryption of secrets"),
      ...stores.secrets
        .filter(({ name }) => name.startsWith(secretPrefix(target.org)))
        .map(({ arn: secret, keyId }) =>
          keyId === undefined ? pass(secret, "AES-256 under the service's own key") : judgeKey(secret, keyId),
        ),
    ];
  },
  sabotages: [
    {
      name: "the cluster seals nothing",
      apply(facts) {
        facts.cluster.encryptedResources = [];
      },
    },
    {
      name: "the key is disabled",
      apply(facts) {
        for (const key of facts.keys) if (key.arn === facts.cluster.secretsKeyArn) key.enabled = false;
      },
    },
    {
      name: "the key is another account's",
      apply(facts) {
        facts.cluster.secretsKeyArn = "arn:aws:kms:us-east-2:999999999999:key/foreign";
      },
    },
    {
      name: "the last secret of the manager lies under a key that is gone",
      apply(facts, target) {
        const name = `${secretPrefix(target.org)}_/_/x`;
        const arn = `arn:aws:secretsmanager:${target.region}:${target.account}:secret:${name}`;
        facts.stores.secrets.push({ name, arn, keyId: "gone", copies: [] });
      },
    },
  ],
});
