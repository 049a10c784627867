/** What a build is made of, fetched by the caller's presigned URLs: from the plane's own bucket and nowhere else. */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { invalid, unavailable } from "../../shared/errors.ts";
import { pathStyle } from "../../shared/s3.ts";

const maxSpecBytes = 1024 * 1024;
/** As it is sent, packed. */
const maxContextBytes = 512 * 1024 * 1024;

export interface Contexts {
  /** @param place of the project, below which the object must lie. @throws ConnectError */
  spec(url: string, place: string): Promise<Uint8Array>;
  /** Unpacks a gzipped tar into the folder, which is made. @throws ConnectError */
  unpack(url: string, place: string, folder: string): Promise<void>;
}

/** @param credentials whose account says how the bucket is addressed: they sign nothing that is used */
export function bucketContexts(bucket: string, credentials: ReturnType<typeof fromNodeProviderChain>): Contexts {
  const s3 = new S3Client({ ...pathStyle(), credentials });
  let root: Promise<URL> | undefined;
  const bucketUrl = () => {
    root ??= getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: "x" }), { expiresIn: 60 }).then(
      (url) => new URL(url),
    );
    // The next one asks again.
    root.catch(() => {
      root = undefined;
    });
    return root;
  };
  const get = async (given: string, place: string): Promise<Response> => {
    requireWithin(given, await bucketUrl(), place);
    const answer = await fetch(given, { redirect: "error" }).catch((error: unknown) => {
      throw unavailable("the build's context cannot be fetched", error);
    });
    if (answer.ok) return answer;
    throw invalid({ subject: "the URL of the build's context", allowed: `one that answers, not ${answer.status}` });
  };
  return {
    async spec(url, place) {
      const { body } = await get(url, place);
      const chunks: Buffer[] = [];
      if (body) for await (const chunk of Readable.fromWeb(body).pipe(atMost(maxSpecBytes))) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    async unpack(url, place, folder) {
      const { body } = await get(url, place);
      await mkdir(folder, { recursive: true });
      if (!body) return;
      const tar = spawn("tar", ["-xz", "--no-same-owner", "--no-same-permissions", "-C", folder], {
        stdio: ["pipe", "ignore", "pipe"],
      });
      let told = "";
      tar.stderr.on("data", (chunk: Buffer) => {
        told = (told + chunk.toString()).slice(0, 1_000);
      });
      const ended = new Promise<number | null>((resolve, reject) => {
        tar.once("error", reject);
        tar.once("close", resolve);
      });
      const [code] = await Promise.all([ended, pipeline(Readable.fromWeb(body), atMost(maxContextBytes), tar.stdin)]);
      if (code !== 0) throw invalid({ subject: "the build's context", value: told, allowed: "a gzipped tar" });
    },
  };
}

/** @param root URL of the object "x" of the bucket. @throws ConnectError unless the URL is of an object below the place */
export function requireWithin(given: string, root: URL, place: string): void {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const prefix = `${root.pathname.slice(0, -1)}${place}/`;
  // As it was sent too: what a parser takes out of a path may be asked for all the same.
  const plain = !/\/\.{1,2}(\/|$)|%2e|%2f|\\/i.test(given.split("?")[0] ?? "");
  if (url?.origin === root.origin && url.pathname.startsWith(prefix) && plain) return;
  // Without the query, which holds the signature.
  throw invalid({
    subject: "the URL of the build's context",
    value: url ? `${url.origin}${url.pathname}` : "no URL",
    allowed: `presigned ones of ${root.origin}${prefix}…`,
  });
}

function atMost(bytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > bytes)
        done(invalid({ subject: "the build's context", value: `over ${bytes} bytes`, allowed: `at most ${bytes}` }));
      else done(null, chunk);
    },
  });
}
