/** Which store a plane has, by its environment. */
import { S3Client } from "@aws-sdk/client-s3";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { z } from "zod";
import { google } from "../../../shared/google.ts";
import { readConfig } from "../../shared/config.ts";
import { pathStyle } from "../../shared/s3.ts";
import { gcsObjectStore, gcsReader } from "./gcs-store.ts";
import type { Scheme } from "./keys.ts";
import { s3ObjectStore, s3Reader } from "./s3-store.ts";
import type { ObjectReader, ObjectStore } from "./store.ts";

export const storeKinds = z.enum(["s3", "gcs"]).default("s3");
export type StoreKind = z.output<typeof storeKinds>;

export const schemeOf: Record<StoreKind, Scheme> = { s3: "s3", gcs: "gs" };

/** For the service that signs. @throws UserError for what its kind of store needs and the environment has not */
export function openStore(kind: StoreKind, env: NodeJS.ProcessEnv = process.env): ObjectStore {
  if (kind === "s3") {
    readConfig({ AWS_REGION: z.string().min(1) }, env);
    return s3ObjectStore(fromNodeProviderChain());
  }
  return gcsObjectStore(google({ env }), readConfig({ SIGNING_ACCOUNT: z.email() }, env).SIGNING_ACCOUNT);
}

/** For those who only read. */
export function openReader(kind: StoreKind): ObjectReader {
  return kind === "s3" ? s3Reader(new S3Client(pathStyle())) : gcsReader(google());
}
