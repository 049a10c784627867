import { describe, expect, it } from "vitest";
import type { FrontRequest } from "../front/exchange.ts";
import type { Entries } from "./rights.ts";
import { refusedByTransport } from "./transport.ts";

const policy = (constraint: string, rule: object): Entries => ({
  [`projects/acme-data/policies/${constraint}`]: {
    ...{
      type: "gcp:orgpolicy/policy:Policy",
      inputs: { spec: { rules: [rule as Record<string, string>] } },
      outputs: {},
    },
  },
});
const secure = policy("storage.secureHttpTransport", { enforce: "TRUE" });
const versions = policy("gcp.restrictTLSVersion", { values: { deniedValues: ["TLS_VERSION_1_1"] } });
const over = (version: string | undefined) => {
  const socket = version === undefined ? {} : { encrypted: true, getProtocol: () => version };
  return { socket } as unknown as Pick<FrontRequest, "socket">;
};
const told = (entries: Entries, version: string | undefined, api: "json" | "xml" = "json") => {
  const { status, body = "" } = refusedByTransport(entries, { api }, over(version)) ?? {};
  return [status, /constraints\/[\w.]+/.exec(String(body))?.[0]];
};

describe("a request for an object", () => {
  it.each(["json", "xml"] as const)("in clear is refused by the policy, and by nothing without it (%s)", (api) => {
    expect(told(secure, undefined, api)).toEqual([403, "constraints/storage.secureHttpTransport"]);
    expect(told({}, undefined, api)).toEqual([undefined, undefined]);
    expect(told(versions, undefined, api)).toEqual([undefined, undefined]);
    const off = policy("storage.secureHttpTransport", { enforce: "FALSE" });
    expect(told(off, undefined, api)).toEqual([undefined, undefined]);
  });

  it("by old TLS is refused where that version is denied, and nowhere else", () => {
    expect(told(versions, "TLSv1.1")).toEqual([403, "constraints/gcp.restrictTLSVersion"]);
    for (const version of ["TLSv1", "TLSv1.2", "TLSv1.3"])
      expect(told(versions, version), version).toEqual([undefined, undefined]);
    expect(told(secure, "TLSv1.1")).toEqual([undefined, undefined]);
  });
});
