/**
 * Who answers a request that reached the cloud's front, decided from its head alone. Two programs stand for one AWS:
 * the object store with its IAM and STS (versitygw), which judges signatures, trust and policies; and the emulator
 * (moto), which stores configuration and judges nothing, so the front checks its callers' signatures (signature.ts).
 */
import { ecrHost, names, type Plane } from "../../hosts.ts";
import { callerOf } from "./caller.ts";
import { splitTarget } from "./exchange.ts";

export interface RequestHead {
  method: string;
  host: string;
  /** Path and query as sent. */
  target: string;
  authorization?: string;
  contentType?: string;
}

export type Route =
  /** Passed untouched to the object store, which verifies the signature over host, path and headers. */
  | { to: "objects" }
  /** The object store judges and does it; then the emulator does the same, so that both know the bucket. */
  | { to: "objects, then emulator" }
  /** The emulator keeps the whole; the object store judges what it can of it (bucket-policy.ts). */
  | { to: "bucket policy" }
  | { to: "emulator" }
  /** A workload's session: the front judges it by its role's policies (log-judge.ts), and the emulator keeps the logs. */
  | { to: "judged logs" }
  /** Of a workload's session, judged in the same way (ecr-judge.ts). */
  | { to: "judged images" }
  /** The object store's own STS. */
  | { to: "security-token" }
  /** An unsigned form: only its `Action` field tells. */
  | { to: "by form action" }
  | { to: "issuer document"; plane: Plane; document: "openid-configuration.json" | "jwks.json" }
  | { to: "login" }
  /** ECR's own protocol, for who has logged in (image-registry.ts). */
  | { to: "image registry" }
  /** The registry that base images come from: anybody reads. */
  | { to: "image pulls" }
  | { to: "refuse"; status: number; code: string; message: string };

/** Bucket sub-resources that only the emulator keeps. The object store does not act on them: see ../README.md. */
const configurationOnly = new Set([
  "accelerate",
  "analytics",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "lifecycle",
  "logging",
  "metrics",
  "notification",
  "ownershipControls",
  "publicAccessBlock",
  "replication",
  "requestPayment",
  "tagging",
  "website",
]);

const issuerDocuments: Record<string, "openid-configuration.json" | "jwks.json"> = {
  "/.well-known/openid-configuration": "openid-configuration.json",
  "/openid/v1/jwks": "jwks.json",
};

/** @param operators access keys of the accounts' operators */
export function routeOf(request: RequestHead, operators: ReadonlySet<string>): Route {
  const host = request.host.replace(/:443$/, "");
  if (host === names.login) return { to: "login" };
  for (const plane of ["region", "customer"] as const)
    if (host === names.oidc(plane)) return issuerDocument(request, plane);
  if (host === ecrHost) return { to: "image registry" };
  if (host === names.registry && (request.method === "GET" || request.method === "HEAD")) return { to: "image pulls" };
  if (host !== names.aws) {
    const message = `${JSON.stringify(host)} is not served here; this is ${names.aws}.`;
    return { to: "refuse", status: 421, code: "MisdirectedRequest", message };
  }
  const { path, query } = splitTarget(request.target);
  const caller = callerOf(request.authorization, query);
  if (caller?.service === "s3") return objectRoute(request.method, path, query, operators.has(caller.accessKeyId));
  if (caller?.service === "sts" && !operators.has(caller.accessKeyId)) return { to: "security-token" };
  if (caller?.service === "logs" && !operators.has(caller.accessKeyId)) return { to: "judged logs" };
  if (caller?.service === "ecr" && !operators.has(caller.accessKeyId)) return { to: "judged images" };
  if (caller) return operators.has(caller.accessKeyId) ? { to: "emulator" } : onlyOperators(caller.service);
  return anonymousRoute(request, path, query);
}

/** The token endpoint is the one AWS call without a signature; any other unsigned request is for an object. */
function anonymousRoute(request: RequestHead, path: string, query: URLSearchParams): Route {
  const action = query.get("Action");
  if (action !== null) return actionRoute(action);
  const form = request.contentType?.startsWith("application/x-www-form-urlencoded") === true;
  return request.method === "POST" && path === "/" && form ? { to: "by form action" } : { to: "objects" };
}

/** Of an unsigned request, by its `Action`. */
export function actionRoute(action: string | undefined): Route {
  if (action === "AssumeRoleWithWebIdentity") return { to: "security-token" };
  const message = "Request is missing Authentication Token";
  return { to: "refuse", status: 403, code: "MissingAuthenticationToken", message };
}

function objectRoute(method: string, path: string, query: URLSearchParams, operator: boolean): Route {
  // The object store knows one account, and would name both accounts' buckets to either.
  if (path === "/" && operator) return { to: "emulator" };
  const bucketOnly = /^\/[^/]+\/?$/.test(path);
  if (!bucketOnly) return { to: "objects" };
  const subresource = [...query.keys()].find((key) => configurationOnly.has(key));
  if (subresource !== undefined) return operator ? { to: "emulator" } : onlyOperators(`s3 ?${subresource}`);
  if (operator && query.has("policy")) return { to: "bucket policy" };
  const whole = [...query.keys()].every((key) => key === "x-id" || key.toLowerCase().startsWith("x-amz-"));
  if (whole && (method === "PUT" || method === "DELETE")) return { to: "objects, then emulator" };
  return { to: "objects" };
}

/**
 * The emulator has no judge of policies. To let a workload's session in would answer everything with yes, so it is
 * refused, even where its role would allow it.
 */
function onlyOperators(what: string): Route {
  const message = `The local cloud judges no policies for ${what}: only the accounts' operators may call it.`;
  return { to: "refuse", status: 403, code: "AccessDenied", message };
}

function issuerDocument(request: RequestHead, plane: Plane): Route {
  const document = issuerDocuments[request.target];
  if (document !== undefined && request.method === "GET") return { to: "issuer document", plane, document };
  return { to: "refuse", status: 404, code: "NotFound", message: "An issuer publishes its configuration and keys." };
}
