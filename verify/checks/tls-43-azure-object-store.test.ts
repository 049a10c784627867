import { describe, expect, it } from "vitest";
import { goodAzureFacts, goodAzureTarget } from "../testing/good-azure.ts";
import { azureStoreReachedByTls as check } from "./tls-43-azure-object-store.ts";

/** What is wrong where port 80 answers so. */
function wrong(told: string, httpsOnly: boolean): string[] {
  const facts = goodAzureFacts();
  facts.azureStorage.httpsOnly = httpsOnly;
  for (const host of facts.probedStore) host.plain = { outcome: "answered", told };
  const findings = check.evaluate(facts, { azure: goodAzureTarget });
  return findings.filter(({ ok }) => !ok).map(({ evidence }) => evidence);
}

describe("TLS-43", () => {
  it("takes port 80 for closed only where it refuses and the account says that it always does", () => {
    const refusal = "HTTP/1.1 400 The account being accessed does not support http.";
    expect(wrong(refusal, true)).toEqual([]);
    expect(wrong(refusal, false)).toEqual([`answers in clear: ${refusal}`, "takes plain HTTP"]);
    expect(wrong("HTTP/1.1 200 OK", true)).toEqual(["answers in clear: HTTP/1.1 200 OK"]);
    expect(wrong("HTTP/1.1 200 OK 400", true)).toEqual(["answers in clear: HTTP/1.1 200 OK 400"]);
  });

  it("asks of the account's own host, as the target tells it", () => {
    const facts = goodAzureFacts();
    const elsewhere = { ...goodAzureTarget, storageAccount: "another" };
    expect(check.evaluate(facts, { azure: elsewhere })[0]).toMatchObject({
      ...{ ok: false, subject: "another.blob.core.windows.net", evidence: "was not asked" },
    });
  });
});
