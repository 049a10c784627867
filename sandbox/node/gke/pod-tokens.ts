/**
 * Which pod asks, and its access token, as GKE makes them: a token of the cluster for the pod's service account and this pod
 * alone, traded at STS, then, where the service account is annotated, for one of the Google service account that it names.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ClusterApi } from "./cluster-api.ts";

export interface AskingPod {
  name: string;
  uid: string;
  namespace: string;
  serviceAccount: string;
  /** E-mail of the Google service account that it acts as. @default itself alone */
  account?: string;
}

export interface AccessToken {
  token: string;
  seconds: number;
}

/** Google's refusal, in its own words. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

const annotation = "iam.gke.io/gcp-service-account";
const everything = "https://www.googleapis.com/auth/cloud-platform";
/** The kubelet tells a pod's address a moment after its containers may ask. */
const patienceMs = 10_000;
const lifeSeconds = 3_600;

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string(), uid: z.string() }),
      spec: z.object({ serviceAccountName: z.string().default("default"), hostNetwork: z.boolean().default(false) }),
      status: z.object({ phase: z.string().optional() }),
    }),
  ),
});
const accountSchema = z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }) });
const requestSchema = z.object({ status: z.object({ token: z.string() }) });
const federatedSchema = z.object({ access_token: z.string(), expires_in: z.number() });
const actingSchema = z.object({ accessToken: z.string(), expireTime: z.string() });

/** @param origin of Google's APIs @param pool of Workload Identity */
export function podTokens(cluster: ClusterApi, origin: string, pool: string) {
  async function find(address: string): Promise<AskingPod | undefined> {
    const listed = await cluster("GET", `/api/v1/pods?fieldSelector=${encodeURIComponent(`status.podIP=${address}`)}`);
    const alive = podsSchema.parse(listed).items.filter(({ spec, status }) => {
      return !spec.hostNetwork && status.phase !== "Succeeded" && status.phase !== "Failed";
    });
    const [pod] = alive;
    if (!pod || alive.length > 1) return undefined;
    const { namespace, name, uid } = pod.metadata;
    const serviceAccount = pod.spec.serviceAccountName;
    const held = await cluster("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}`);
    const account = held === undefined ? undefined : accountSchema.parse(held).metadata.annotations[annotation];
    return { name, uid, namespace, serviceAccount, ...(account ? { account } : {}) };
  }

  async function ask(path: string, body: object, token?: string): Promise<unknown> {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(`${origin}${path}`, { method: "POST", headers, body: JSON.stringify(body), signal });
    if (!answer.ok) throw new Refused(answer.status, (await answer.text()).slice(0, 500));
    return answer.json();
  }

  return {
    /** @returns undefined where no pod, or no single one, has that address */
    async podAt(address: string): Promise<AskingPod | undefined> {
      const giveUpAt = Date.now() + patienceMs;
      for (;;) {
        const pod = await find(address);
        if (pod || Date.now() > giveUpAt) return pod;
        await sleep(200);
      }
    },

    /** @throws Refused */
    async tokenOf({ namespace, serviceAccount, name, uid, account }: AskingPod): Promise<AccessToken> {
      const wanted = {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          audiences: [pool],
          expirationSeconds: lifeSeconds,
          boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
        },
      };
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
      const subjectToken = requestSchema.parse(await cluster("POST", path, wanted)).status.token;
      const federated = federatedSchema.parse(
        await ask("/v1/token", {
          grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
          audience: `identitynamespace:${pool}:https://container.googleapis.com`,
          requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
          subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
          subjectToken,
          scope: everything,
        }),
      );
      if (!account) return { token: federated.access_token, seconds: federated.expires_in };
      const acting = actingSchema.parse(
        await ask(
          `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`,
          { scope: [everything], lifetime: `${lifeSeconds}s` },
          federated.access_token,
        ),
      );
      return { token: acting.accessToken, seconds: Math.floor((Date.parse(acting.expireTime) - Date.now()) / 1_000) };
    },
  };
}
