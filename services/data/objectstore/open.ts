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

export const clouds = z.enum(["aws", "gcp"]).default("aws");
export type Cloud = z.output<typeof clouds>;

export const schemeOf: Record<Cloud, Scheme> = { aws: "s3", gcp: "gs" };

/** For the service that signs. @throws UserError for what its kind of store needs and the environment has not */
export function openStore(cloud: Cloud, env: NodeJS.ProcessEnv = process.env): ObjectStore {
  if (cloud === "aws") {
    readConfig({ AWS_REGION: z.string().min(1) }, env);
    return s3ObjectStore(fromNodeProviderChain());
  }
  return gcsObjectStore(google({ env }), readConfig({ SIGNER_ACCOUNT: z.email() }, env).SIGNER_ACCOUNT);
}

/** For those who only read. */
export function openReader(cloud: Cloud): ObjectReader {
  return cloud === "aws" ? s3Reader(new S3Client(pathStyle())) : gcsReader(google());
}
