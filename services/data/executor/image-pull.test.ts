import { describe, expect, it } from "vitest";
import { mayPass } from "./image-pull.ts";

const image = 'failed to pull and unpack image "r.test/a:1": failed to resolve reference "r.test/a:1"';

describe("an image that cannot be pulled", () => {
  it.each([
    `rpc error: code = NotFound desc = ${image}: r.test/a:1: not found`,
    `${image}: pull access denied, repository does not exist or may require authorization: authorization failed`,
    `${image}: unexpected status from HEAD request to https://r.test/v2/a/manifests/1: 403 Forbidden`,
    `${image}: failed to do request: Head "https://r.test/v2/a/manifests/1": dial tcp: lookup r.test: no such host`,
    'Back-off pulling image "r.test/timeouts:500"',
    "404",
  ])("is its author's to repair: %s", (message) => expect(mayPass(message)).toBe(false));

  it.each([
    `${image}: failed to do request: Head "https://r.test/v2/a/manifests/1": dial tcp 10.0.0.9:443: connect: connection refused`,
    `${image}: failed to do request: Head "https://r.test/v2/a/manifests/1": dial tcp 10.0.0.9:443: i/o timeout`,
    `${image}: failed to do request: Head "https://r.test/v2/": net/http: TLS handshake timeout`,
    `${image}: unexpected status from HEAD request to https://r.test/v2/a/manifests/1: 503 Service Unavailable`,
    `${image}: unexpected status from GET request to https://r.test/v2/a/manifests/1: 429 Too Many Requests`,
    "toomanyrequests: You have reached your pull rate limit.",
    `${image}: dial tcp: lookup r.test on 10.96.0.10:53: server misbehaving`,
    "failed to copy: httpReadSeeker: failed open: unexpected EOF",
    "failed to extract layer: write /var/lib/containerd/x: no space left on device",
  ])("is the platform's, and may pass: %s", (message) => expect(mayPass(message)).toBe(true));
});
