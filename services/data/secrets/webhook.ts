/** The API server's question about each pod that asks for secrets, and the answer (admission.k8s.io/v1). */
import type { V1Pod, V1Secret } from "@kubernetes/client-node";
import { z } from "zod";
import { answerJson, type HttpHandler, type HttpRequest, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { BackendError, type SecretBackend } from "./backend.ts";
import { give, type PatchOperation, type Scope, WishError } from "./give.ts";

export interface WebhookDeps {
  backend: SecretBackend;
  /** What each project namespace stands for; of the stack, never of a pod or a label. */
  scopes: ReadonlyMap<string, Scope>;
  /** Does nothing where one of that name is there: it is the same. @throws BackendError */
  createSecret(secret: V1Secret): Promise<void>;
  log: Logger;
}

/** The API server takes 3 MiB at most of any object, and wraps it. */
const maxReviewBytes = 8 * 1024 * 1024;

/** What is read of a pod; the API server has checked the whole of it. */
const podSchema = z.custom<V1Pod>((pod) => typeof pod === "object" && pod !== null && "spec" in pod);

const reviewSchema = z.object({
  request: z.object({
    uid: z.string().min(1),
    namespace: z.string(),
    operation: z.literal("CREATE"),
    dryRun: z.boolean().optional(),
    resource: z.object({ group: z.literal(""), resource: z.literal("pods") }),
    object: podSchema,
  }),
});

type Verdict = { patch: PatchOperation[] } | { code: number; message: string };

export function webhookHandler(deps: WebhookDeps): HttpHandler {
  return async (request, response) => {
    if (request.method !== "POST" || pathOf(request) !== "/mutate") return answerJson(response, 404, {});
    const review = reviewSchema.safeParse(parsed(await bodyOf(request)));
    if (!review.success) return answerJson(response, 400, { message: "this is no AdmissionReview of a new pod" });
    const { uid } = review.data.request;
    const verdict = await judge(review.data.request, deps);
    const answer =
      "patch" in verdict
        ? {
            uid,
            allowed: true,
            patchType: "JSONPatch",
            patch: Buffer.from(JSON.stringify(verdict.patch)).toString("base64"),
          }
        : { uid, allowed: false, status: verdict };
    answerJson(response, 200, { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: answer });
  };
}

async function judge(
  { namespace, object: pod, dryRun }: z.output<typeof reviewSchema>["request"],
  { backend, scopes, createSecret, log }: WebhookDeps,
): Promise<Verdict> {
  const name = pod.metadata?.name ?? pod.metadata?.generateName ?? "";
  const scope = scopes.get(namespace);
  if (!scope) return { code: 403, message: `namespace ${namespace} is no project's: its pods are given no secrets.` };
  try {
    const { secret, patch } = await give(pod, namespace, scope, backend);
    if (!dryRun) await createSecret(secret);
    log.info("a pod is given what it asks for", { namespace, pod: name, keys: Object.keys(secret.data ?? {}).length });
    return { patch };
  } catch (error) {
    if (error instanceof WishError) {
      log.info("a pod asks for what it may not have", { namespace, pod: name, why: error.message });
      return { code: 403, message: error.message };
    }
    // The executor tries again; nothing starts without what it asks for.
    log.warn("a pod cannot be given what it asks for now", { namespace, pod: name, error });
    const why = error instanceof BackendError ? error.message : "the secrets service failed; its log has the reason";
    return { code: 503, message: why };
  }
}

async function bodyOf(request: HttpRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxReviewBytes) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it; the parser's own words would quote the text.
    return undefined;
  }
}
