/** The identity in one Kubernetes Secret, which exists already: this pod may get and patch it, and no other. */
import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { type Identity, type IdentityStore, identitySchema } from "./identity.ts";

/** Field by field: a part that was never saved is not there. */
const savedSchema = identitySchema.partial();

export function secretStore(namespace: string, name: string): IdentityStore {
  const config = keptKubeConfig();
  config.loadFromCluster();
  const api = config.makeApiClient(CoreV1Api);
  return {
    async load() {
      const { data = {} } = await api.readNamespacedSecret({ namespace, name });
      return savedSchema.parse(
        Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()])),
      );
    },
    async save(identity: Partial<Identity>) {
      const data = Object.fromEntries(
        Object.entries(identity).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
      );
      await api.patchNamespacedSecret(
        { namespace, name, body: { data } },
        setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
      );
    },
  };
}
