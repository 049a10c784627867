/** Runs in a task's pod of the project that asks. Arguments: URI of the inputs, folder of the outputs. */
import { readFileSync } from "node:fs";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { createClient } from "@connectrpc/connect";
import { z } from "zod";
import { ImageBuildService } from "../../../gen/biplane/images/v1/images_pb.js";
import { upstream } from "../../shared/client.ts";
import { httpUrl, readConfig } from "../../shared/config.ts";
import { pathStyle } from "../../shared/s3.ts";
import { type ProjectObjects, runBuildTask } from "./task.ts";

/** The builder fetches what it builds when its turn comes. */
const presignSeconds = 3_600;

const config = readConfig({
  IMAGE_BUILDER_URL: httpUrl,
  /** PEM: the authority by which the builder is known. */
  IMAGE_BUILDER_CA: z.string().min(1),
  IMAGE_BUILDER_TOKEN_FILE: z.string().min(1),
});
const [inputsUri = "", outputPrefix = ""] = process.argv.slice(2);
const builder = upstream(config.IMAGE_BUILDER_URL, { ca: config.IMAGE_BUILDER_CA });
const client = createClient(ImageBuildService, builder.transport);
process.exitCode = await runBuildTask({
  inputsUri,
  outputPrefix,
  objects: s3Objects(new S3Client(pathStyle())),
  build(request) {
    // Read when it is sent: the kubelet renews it.
    const token = readFileSync(config.IMAGE_BUILDER_TOKEN_FILE, "utf8").trim();
    return client.build(request, { headers: { authorization: `Bearer ${token}` } });
  },
  print: (line) => process.stdout.write(`${line}\n`),
});
builder.close();

function s3Objects(s3: S3Client): ProjectObjects {
  const place = (uri: string) => {
    const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
    if (!Bucket || !Key) throw new Error(`"${uri}" is not an object's s3:// address`);
    return { Bucket, Key };
  };
  return {
    async read(uri) {
      const { Body } = await s3.send(new GetObjectCommand(place(uri)));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    async write(uri, content) {
      await s3.send(new PutObjectCommand({ ...place(uri), Body: content }));
    },
    presign: (uri) => getSignedUrl(s3, new GetObjectCommand(place(uri)), { expiresIn: presignSeconds }),
  };
}
