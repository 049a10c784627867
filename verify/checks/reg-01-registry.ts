import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const registryEncryptedAndScanned = defineCheck({
  id: "REG-01",
  title: "The registry encrypts, scans on push, and never lets a tag move",
  severity: "medium",
  claims: ["enc-at-rest-registry", "image-scanning-customer-defined"],
  documented: ["C11"],
  fix: "Set encryption, scanOnPush and immutable tags on the repository.",
  needs: ["repositories"],
  evaluate({ repositories }, target) {
    const repository = repositories.find(({ name }) => name === target.repository);
    if (!repository) return [fail(`repository ${target.repository}`, "does not exist")];
    if (!repository.encryption) return [fail(repository.arn, "no encryption configuration")];
    if (!repository.scanOnPush) return [fail(repository.arn, "does not scan on push")];
    if (!repository.immutableTags) return [fail(repository.arn, "tags can be moved")];
    return [pass(repository.arn, `${repository.encryption}, scanned on push, immutable`)];
  },
  sabotages: [
    {
      name: "scanning is off",
      apply(facts) {
        for (const repository of facts.repositories) repository.scanOnPush = false;
      },
    },
    {
      name: "encryption is not configured",
      apply(facts) {
        for (const repository of facts.repositories) delete repository.encryption;
      },
    },
  ],
});
