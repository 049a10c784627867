/** The zone in front of the region. */
import { textOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

/** Values of a zone's settings that are safe; settings that are not named here are nobody's concern. */
const wanted: Record<string, readonly string[]> = {
  min_tls_version: ["1.2", "1.3"],
  tls_1_3: ["on", "zrt"],
  ssl: ["strict", "origin_pull"],
  always_use_https: ["on"],
};

export const zoneSpeaksModernTls: Rule = {
  name: "zone-speaks-modern-tls",
  controls: ["cp-restricted-security-groups"],
  says: "The zone takes TLS 1.2 at least, 1.3 too, and verifies its origin.",
  types: ["cloudflare:index/zoneSetting:ZoneSetting"],
  judge: ({ settingId, value }) => {
    const safe = wanted[textOf(settingId)];
    return !safe || safe.includes(String(value))
      ? []
      : [`${textOf(settingId)} is ${String(value)}, not ${safe.join(" or ")}`];
  },
};
