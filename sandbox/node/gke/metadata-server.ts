/**
 * The paths of the metadata server that Google's libraries and the client's object store ask for. As GKE's: only with the
 * header that no browser and no careless proxy sends, and nothing of the node.
 * Source: "About the GKE metadata server" and "View and query VM metadata".
 */
import type { IncomingHttpHeaders } from "node:http";
import { type AccessToken, type AskingPod, Refused } from "./pod-tokens.ts";

export interface MetadataDeps {
  project: string;
  /** What a pod without a Google service account of its own is told as its e-mail. */
  pool: string;
  podAt(address: string): Promise<AskingPod | undefined>;
  tokenOf(pod: AskingPod): Promise<AccessToken>;
}

export interface MetadataAnswer {
  status: number;
  type: string;
  body: string;
}

const root = "/computeMetadata/v1";

export function metadataAnswers({ project, pool, podAt, tokenOf }: MetadataDeps) {
  return async (url: string, headers: IncomingHttpHeaders, address: string): Promise<MetadataAnswer> => {
    const [path = "/"] = url.split("?");
    if (path === "/") return text(200, "computeMetadata/\n");
    if (headers["metadata-flavor"] !== "Google" || headers["x-forwarded-for"] !== undefined) {
      return text(403, "Missing required header Metadata-Flavor: Google, or a forwarded request.\n");
    }
    if (path === `${root}/instance` || path === `${root}/instance/`) return text(200, "service-accounts/\n");
    if (path === `${root}/project/project-id`) return text(200, project);
    const asked = /^\/computeMetadata\/v1\/instance\/service-accounts\/([^/]+)\/(email|token|scopes)$/.exec(path);
    if (!asked) return text(404, "not found\n");
    const [, who, what] = asked;
    const pod = await podAt(address);
    if (!pod) return text(404, "No single pod has the address that asks.\n");
    const email = pod.account ?? pool;
    if (who !== "default" && who !== email) return text(404, "This pod has no such service account.\n");
    if (what === "email") return text(200, email);
    if (what === "scopes") return text(200, "https://www.googleapis.com/auth/cloud-platform\n");
    try {
      const { token, seconds } = await tokenOf(pod);
      return json({ access_token: token, expires_in: seconds, token_type: "Bearer" });
    } catch (error) {
      if (error instanceof Refused) return text(error.status, error.message);
      throw error;
    }
  };
}

function text(status: number, body: string): MetadataAnswer {
  return { status, type: "application/text", body };
}

function json(body: object): MetadataAnswer {
  return { status: 200, type: "application/json", body: JSON.stringify(body) };
}
