/**
 * Sessions as GKE's metadata server gets them for a pod: STS trades the cluster's token for one of Google's, with which IAM
 * lets it act as the service account that the annotation names, or does not. Cloud Storage by them.
 * Source: "About Workload Identity Federation for GKE", and STS's method `token`.
 */
import { z } from "zod";
import { identityAnnotations } from "../../components/identity/contract.ts";
import { type Google, GoogleError } from "../../shared/google.ts";
import { clientOf } from "../collect/google/client.ts";
import type { GoogleTarget } from "../target.ts";
import { type CloudSessions, type Place, readRefusal, type Store, sessionSeconds, tried } from "./sessions.ts";

const scope = "https://www.googleapis.com/auth/cloud-platform";
const federatedSchema = z.object({ access_token: z.string() });
const actingSchema = z.object({ accessToken: z.string() });

/** @param bearing a client that brings that token, or none */
export function googleSessions(
  target: GoogleTarget,
  bearing = (token: string | undefined) => clientOf(target.google, async () => token),
): CloudSessions {
  const { project, region, clusterName } = target;
  const pool = `${project}.svc.id.goog`;
  const provider = `https://container.googleapis.com/v1/projects/${project}/locations/${region}/clusters/${clusterName}`;

  async function federated(subjectToken: string): Promise<string> {
    const exchanged = await bearing(undefined).call({
      ...{ api: "sts", method: "POST", path: "/v1/token", repeatable: true },
      json: {
        grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience: `identitynamespace:${pool}:${provider}`,
        requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
        subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
        ...{ subjectToken, scope },
      },
    });
    return federatedSchema.parse(await exchanged.json()).access_token;
  }

  return {
    annotation: identityAnnotations.gcp,
    audience: pool,
    async take(email, token) {
      // Every account of the cluster gets one: a refusal here says nothing of who may take what.
      const own = await federated(token);
      try {
        const acting = await bearing(own).call({
          ...{ api: "iamcredentials", method: "POST", repeatable: true },
          path: `/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`,
          json: { scope: [scope], lifetime: `${sessionSeconds}s` },
        });
        const { accessToken } = actingSchema.parse(await acting.json());
        return { store: storeOf(bearing(accessToken)), told: "a session" };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { told: error.message };
      }
    },
  };
}

/** 404 is none: whoever is told what is not there may look. */
function isRefusal(error: unknown): error is GoogleError {
  return error instanceof GoogleError && (error.status === 401 || error.status === 403);
}

function storeOf(client: Google): Store {
  const asked = (call: () => Promise<unknown>) => tried(call, readRefusal);
  const object = ({ bucket, key }: Place) => `/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}`;
  return {
    put: ({ bucket, key }) =>
      asked(() =>
        client.call({
          ...{ api: "storage", method: "POST", path: `/upload/storage/v1/b/${bucket}/o`, repeatable: true },
          ...{ query: { uploadType: "media", name: key }, content: Buffer.from("probe") },
        }),
      ),
    get: (at) => asked(() => client.call({ api: "storage", path: object(at), query: { alt: "media" } })),
    delete: (at) => asked(() => client.call({ api: "storage", method: "DELETE", path: object(at), repeatable: true })),
  };
}
