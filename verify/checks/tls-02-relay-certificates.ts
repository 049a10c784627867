import { defineRegionCheck } from "../check.ts";
import type { channels, ProbedCaller } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** What a server says that wants a certificate, by TLS 1.3 and by 1.2. */
const wanting = /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/;

export const relayWantsCertificates = defineRegionCheck({
  id: "TLS-02",
  title: "The tunnel's relay serves nobody without a certificate of the region's own making",
  severity: "critical",
  probes: true,
  claims: ["net-tunnel-mtls"],
  documented: [],
  fix: "Let TLS end at the relay itself, which asks for certificates, and at no balancer or edge before it.",
  needs: ["probedCallers"],
  evaluate({ probedCallers }) {
    return judgeChannel(probedCallers, "biplane-tunnel");
  },
  sabotages: [
    {
      name: "the relay serves whoever dials",
      apply({ probedCallers }) {
        for (const call of probedCallers) call.outcome = "served";
      },
    },
    {
      name: "the relay leaves a stranger's connection open",
      apply({ probedCallers }) {
        const last = probedCallers.findLast(({ channel }) => channel === "biplane-tunnel");
        if (last) last.outcome = "left open";
      },
    },
    {
      name: "a balancer before it hangs up, without a word of certificates",
      apply({ probedCallers }) {
        const [first] = probedCallers;
        if (first) first.told = "ECONNRESET";
      },
    },
  ],
});

/** Of whoever has no certificate of the region's: each was tried, and refused for want of one. */
export function judgeChannel(callers: readonly ProbedCaller[], channel: (typeof channels)[number]): Finding[] {
  return (["none", "a stranger's own"] as const).map((certificate): Finding => {
    const call = callers.find((one) => one.channel === channel && one.certificate === certificate);
    const subject = `relay, ${channel}, certificate: ${certificate}`;
    if (!call) return fail(subject, "was not tried");
    if (call.outcome !== "refused") return fail(subject, `${call.outcome}: ${call.told}`);
    if (certificate === "none" && !wanting.test(call.told)) {
      return fail(subject, `ended, but not for want of one: ${call.told}`);
    }
    return pass(subject, `refused: ${call.told}`);
  });
}
