import { describe, expect, it } from "vitest";
import { connectorsFile } from "./connectors.ts";

/** As the region's stack writes it. */
const written = {
  access: { clientId: "relay.access", clientSecret: "secret" },
  connectors: [{ org: "acme", cluster: "main", host: "acme.tunnels.biplane.test" }],
};

describe("the file that the relay dials by", () => {
  it("is read as the stack writes it", () => {
    expect(connectorsFile.parse(written)).toEqual(written);
  });

  it.each([
    ["a URL in place of a host", { ...written, connectors: [{ ...written.connectors[0], host: "https://acme.test" }] }],
    ["an empty secret", { ...written, access: { clientId: "relay.access", clientSecret: "" } }],
    ["something that it does not know", { ...written, replicas: 2 }],
  ])("is refused with %s", (_, given) => {
    expect(connectorsFile.safeParse(given).success).toBe(false);
  });
});
