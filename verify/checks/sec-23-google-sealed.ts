import { secretIdPrefix } from "../../components/secrets/names.ts";
import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { GoogleSecretFact } from "../facts-google.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { GoogleTarget } from "../target.ts";

/** Both places in which users' secrets may lie: etcd, and the cloud's manager. */
export const googleSecretsSealed = defineGoogleCheck({
  id: "SEC-23",
  title: "Secrets are sealed at rest under keys that work, in the cluster and in Secret Manager",
  severity: "high",
  claims: ["enc-at-rest-secrets-backend"],
  documented: [],
  fix: "Give the cluster databaseEncryption, and enable the key that is named.",
  needs: ["googleCluster", "googleKeys", "googleStores"],
  evaluate({ googleCluster, googleKeys, googleStores }, target) {
    const judgeKey = (subject: string, name: string): Finding => {
      const key = googleKeys.find((one) => one.name === name.replace(/\/cryptoKeyVersions\/\d+$/, ""));
      if (!key) return fail(subject, `its key ${name} is not there`);
      if (key.state !== "ENABLED") return fail(subject, `its key ${key.name} is ${key.state}`);
      if (key.purpose !== "ENCRYPT_DECRYPT") return fail(subject, `its key ${key.name} is for ${key.purpose}`);
      return pass(subject, `AES-256 under ${key.name}`);
    };
    const { name, secretsKey } = googleCluster;
    return [
      secretsKey === undefined ? fail(name, "Secrets reach etcd unsealed") : judgeKey(name, secretsKey),
      ...ownSecrets(googleStores, target).flatMap(({ name: secret, replicas }) =>
        replicas.length === 0
          ? [pass(secret, "AES-256 under Google's own key")]
          : replicas.map(({ key, location }) =>
              key === undefined ? pass(secret, `AES-256 under Google's own key in ${location}`) : judgeKey(secret, key),
            ),
      ),
    ];
  },
  sabotages: [
    {
      name: "the cluster seals nothing",
      apply({ googleCluster }) {
        delete googleCluster.secretsKey;
      },
    },
    {
      name: "the cluster's key is disabled",
      apply({ googleCluster, googleKeys }) {
        const key = googleKeys.find(({ name }) => name === googleCluster.secretsKey);
        if (!key) return false;
        key.state = "DISABLED";
        return undefined;
      },
    },
    {
      name: "the cluster's key is gone",
      apply({ googleCluster }) {
        googleCluster.secretsKey = "projects/elsewhere/locations/l/keyRings/r/cryptoKeys/k";
      },
    },
    {
      name: "the last secret of the manager lies under a key that is gone",
      apply({ googleStores }, target) {
        googleStores.secrets.push(
          aSecret(target, [{ location: target.region, key: "projects/p/locations/l/keyRings/r/cryptoKeys/gone" }]),
        );
      },
    },
  ],
});

/** Of the plane's organisation; a project may hold others. */
export function ownSecrets({ secrets }: Facts["googleStores"], { org }: GoogleTarget): GoogleSecretFact[] {
  return secrets.filter(({ name }) => name.split("/").at(-1)?.startsWith(secretIdPrefix(org)));
}

export function aSecret({ org }: GoogleTarget, replicas: GoogleSecretFact["replicas"]): GoogleSecretFact {
  return { name: `projects/1/secrets/${secretIdPrefix(org)}x`, labels: {}, replicas, bindings: [] };
}
