/** Against what Azure's own library signs, parameter for parameter. */
import { describe, expect, it } from "vitest";
import { signedBlobUrl } from "./sas.ts";
import recorded from "./testing/sas-vectors.json" with { type: "json" };

const { account, container, key } = recorded;

describe("a user delegation SAS is the one that Azure's library makes", () => {
  it.each(recorded.vectors)("for $permission of $blob", ({ permission, blob, expiry, query }) => {
    const url = new URL(
      signedBlobUrl({
        ...{ origin: `https://${account}.blob.core.windows.net`, account, container, blob, key },
        permission: permission === "w" ? "w" : "r",
        expiresAt: Date.parse(expiry),
      }),
    );
    expect(Object.fromEntries(url.searchParams)).toEqual(Object.fromEntries(new URLSearchParams(query)));
    expect(decodeURIComponent(url.pathname)).toBe(`/${container}/${blob}`);
  });
});
