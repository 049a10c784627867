import { describe, expect, it } from "vitest";
import { goodAzureTarget } from "../testing/good-azure.ts";
import { goodGoogleTarget } from "../testing/good-google.ts";
import { goodTargets } from "../testing/good-plane.ts";
import { planProbes, renderPlan } from "./plan.ts";

describe("the plan of the probes", () => {
  it("names every place of both planes, and what is made there", () => {
    const text = renderPlan(planProbes(goodTargets));
    for (const place of [
      "us-east-2.example.test",
      "relay-us-east-2.example.test",
      "demo-development",
      "acme-fast-reg",
    ]) {
      expect(text).toContain(place);
    }
    expect(text).toMatch(
      /7\. .*\n {5}makes a namespace biplane-probe-.*\n {5}needs the right to create and delete namespaces/,
    );
    expect(text).toMatch(
      /8\. TLS handshakes from a restricted pod .*\n {5}makes another namespace .*\n {5}needs the right to do the same/,
    );
    expect(text).toMatch(/6\. .*\n.*\n {5}needs the right .*serviceaccounts\/token/);
    expect(text).toMatch(
      /9\. .*union\/\{executor,.*,tunnel-system,secrets\} to STS for adminflyterole under the name .*\n {5}makes tokens .* under acme\/biplane-probe\//,
    );
  });

  it("holds nothing of a plane that the target does not name", () => {
    const { customer, controlPlane } = goodTargets;
    expect(renderPlan(planProbes({ controlPlane }))).not.toContain("acme");
    const text = renderPlan(planProbes({ customer }));
    expect(text).toContain("acme");
    expect(text).not.toContain("relay-us-east-2");
  });

  it("names Google's store and accounts on a plane there", () => {
    const text = renderPlan(planProbes({ google: goodGoogleTarget }));
    expect(text).toMatch(/1\. TLS handshakes .* with storage\.googleapis\.com/);
    expect(text).toContain("to STS for every Google service account of theirs");
    expect(text).not.toContain("under the name of each session");
  });

  it("names Azure's store and identities on a plane there", () => {
    const text = renderPlan(planProbes({ azure: goodAzureTarget }));
    expect(text).toMatch(/1\. TLS handshakes .* with acmelocal1\.blob\.core\.windows\.net/);
    expect(text).toContain("to Entra for every managed identity of theirs");
  });
});
