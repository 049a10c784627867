/** The plane's own repository under this service's role: what is in it, who may push, and what its scan has found. */

import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  type ECRClient,
  GetAuthorizationTokenCommand,
  type ImageDetail,
  ImageNotFoundException,
  ScanNotFoundException,
} from "@aws-sdk/client-ecr";

export interface FoundScan {
  status: string;
  severities: Record<string, number>;
}

export interface Registry {
  /** @returns the digest of the image with this tag; undefined when there is none */
  digestOf(tag: string): Promise<string | undefined>;
  /** @returns digests of images whose tag looks so, the latest first */
  latest(family: RegExp, count: number): Promise<string[]>;
  /** @returns user and password, with a colon between, in base64 */
  login(): Promise<string>;
  scanOf(digest: string, signal: AbortSignal): Promise<FoundScan>;
}

/** Of a repository's images that are looked through for the latest. */
const maxPages = 10;
/** A scan on push takes some seconds; a build does not wait for more. */
const scanMs = 60_000;
const pollMs = 2_000;
const underWay = new Set(["IN_PROGRESS", "PENDING"]);

export function ecrRegistry(ecr: ECRClient, repositoryName: string): Registry {
  return {
    async digestOf(imageTag) {
      try {
        const { imageDetails = [] } = await ecr.send(
          new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }),
        );
        return imageDetails[0]?.imageDigest;
      } catch (error) {
        if (error instanceof ImageNotFoundException) return undefined;
        throw error;
      }
    },
    async latest(family, count) {
      const found: ImageDetail[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < maxPages; page++) {
        const answer = await ecr.send(new DescribeImagesCommand({ repositoryName, nextToken, maxResults: 1000 }));
        found.push(...(answer.imageDetails ?? []));
        nextToken = answer.nextToken;
        if (!nextToken) break;
      }
      const at = ({ imagePushedAt }: ImageDetail) => imagePushedAt?.getTime() ?? 0;
      return found
        .filter(({ imageTags = [] }) => imageTags.some((tag) => family.test(tag)))
        .sort((a, b) => at(b) - at(a))
        .flatMap(({ imageDigest }) => imageDigest ?? [])
        .slice(0, count);
    },
    async login() {
      const { authorizationData = [] } = await ecr.send(new GetAuthorizationTokenCommand({}));
      const token = authorizationData[0]?.authorizationToken;
      if (!token) throw new Error("the registry gave no token");
      return token;
    },
    async scanOf(imageDigest, signal) {
      const giveUpAt = Date.now() + scanMs;
      for (;;) {
        try {
          const answer = await ecr.send(
            new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageDigest } }),
          );
          const status = answer.imageScanStatus?.status ?? "NONE";
          const severities = answer.imageScanFindings?.findingSeverityCounts ?? {};
          if (!underWay.has(status) || Date.now() > giveUpAt) return { status, severities };
        } catch (error) {
          if (error instanceof ScanNotFoundException) return { status: "NONE", severities: {} };
          throw error;
        }
        await sleep(pollMs, undefined, { signal });
      }
    },
  };
}
