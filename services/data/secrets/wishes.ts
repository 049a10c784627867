/**
 * Which secrets a pod asks for: the executor writes it into one of the pod's annotations, the webhook reads it. Names
 * only. What stands there is no right: the webhook looks where the pod's own namespace may.
 */
import { z } from "zod";
import { secretNamePattern } from "./secret.ts";

/** The one place where a file secret may be, by the client's own rule. */
export const secretsFolder = "/etc/flyte/secrets";

/** Asks; the webhook's configuration and the admission policy of pods name it too. */
export const wishesAnnotation = "biplane.dev/secrets";
/** Set by the webhook: the Secret that the pod was given. Without it a pod that asks is refused. */
export const givenAnnotation = "biplane.dev/secrets-from";

const name = z.string().regex(secretNamePattern);

export const wishesSchema = z
  .array(
    z.discriminatedUnion("as", [
      z.strictObject({ as: z.literal("env"), name, variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
      /** At `secretsFolder`/name. */
      z.strictObject({ as: z.literal("file"), name }),
    ]),
  )
  .min(1)
  .max(100);

export type Wish = z.output<typeof wishesSchema>[number];
