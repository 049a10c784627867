/** Against Google's own published vectors, to the byte. */
import { describe, expect, it } from "vitest";
import { account, vectors } from "../../../sandbox/gcs/testing/vectors.ts";
import { planV4 } from "./v4.ts";

describe("the text to sign and the URL are Google's own", () => {
  it.each(vectors)("for $description", (vector) => {
    const { method, bucket, object, headers, queryParameters, timestamp, expiration, expectedUrl } = vector;
    const { origin, hostname } = new URL(expectedUrl);
    const plan = planV4({
      ...{ method, origin, account, at: Date.parse(timestamp), seconds: expiration },
      path: hostname.startsWith(bucket) ? `/${object}` : `/${bucket}/${object}`,
      ...(headers ? { headers } : {}),
      ...(queryParameters ? { query: queryParameters } : {}),
    });
    expect(plan.textToSign).toBe(vector.expectedStringToSign);
    const signature = Buffer.from(/Signature=([0-9a-f]+)/.exec(expectedUrl)?.[1] ?? "", "hex");
    expect(plan.url(signature)).toBe(expectedUrl);
  });
});
