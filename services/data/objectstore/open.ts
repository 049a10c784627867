/** Which store a plane has, by its environment. */
import { S3Client } from "@aws-sdk/client-s3";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { z } from "zod";
import { azure } from "../../../shared/azure.ts";
import { google } from "../../../shared/google.ts";
import { readConfig } from "../../shared/config.ts";
import { pathStyle } from "../../shared/s3.ts";
import { blobObjectStore, blobReader } from "./blob-store.ts";
import { gcsObjectStore, gcsReader } from "./gcs-store.ts";
import type { Scheme } from "./keys.ts";
import { s3ObjectStore, s3Reader } from "./s3-store.ts";
import type { ObjectReader, ObjectStore } from "./store.ts";

export const clouds = z.enum(["aws", "gcp", "azure"]).default("aws");
export type Cloud = z.output<typeof clouds>;

export const schemeOf: Record<Cloud, Scheme> = { aws: "s3", gcp: "gs", azure: "abfs" };

/** For the service that signs. @throws UserError for what its kind of store needs and the environment has not */
export function openStore(cloud: Cloud, env: NodeJS.ProcessEnv = process.env): ObjectStore {
  switch (cloud) {
    case "aws":
      readConfig({ AWS_REGION: z.string().min(1) }, env);
      return s3ObjectStore(fromNodeProviderChain());
    case "gcp":
      return gcsObjectStore(google({ env }), readConfig({ SIGNER_ACCOUNT: z.email() }, env).SIGNER_ACCOUNT);
    case "azure":
      return blobObjectStore(azure({ env }), storageAccountOf(env));
  }
}

/** For those who only read. @throws UserError as above */
export function openReader(cloud: Cloud, env: NodeJS.ProcessEnv = process.env): ObjectReader {
  switch (cloud) {
    case "aws":
      return s3Reader(new S3Client(pathStyle()));
    case "gcp":
      return gcsReader(google({ env }));
    case "azure":
      return blobReader(azure({ env }), storageAccountOf(env));
  }
}

function storageAccountOf(env: NodeJS.ProcessEnv): string {
  return readConfig({ STORAGE_ACCOUNT: z.string().regex(/^[a-z0-9]{3,24}$/) }, env).STORAGE_ACCOUNT;
}
