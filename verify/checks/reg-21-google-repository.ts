import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import type { GoogleTarget } from "../target.ts";

/** Artifact Registry scans as its project says, so following that is following the customer. */
export const googleRepositorySealed = defineGoogleCheck({
  id: "REG-21",
  title: "The repository is sealed under a key, follows the project's setting of scanning, and never lets a tag move",
  severity: "medium",
  claims: ["enc-at-rest-registry", "image-scanning-customer-defined"],
  documented: ["C11"],
  fix: "Set the repository up by the customer stack; its key cannot be changed later.",
  needs: ["googleRepositories"],
  evaluate({ googleRepositories }, target) {
    const repository = ownRepository(googleRepositories, target);
    if (!repository) return [fail(`repository ${target.repository}`, "does not exist")];
    const { name, key, mode, immutableTags, scanning, scanningState } = repository;
    if (mode !== "STANDARD_REPOSITORY") return [fail(name, `is a ${mode}, whose images are others'`)];
    if (!key) return [fail(name, "sealed under no key of the customer's")];
    if (scanning !== "INHERITED") return [fail(name, `scanning is ${scanning}, whatever the project has`)];
    if (!immutableTags) return [fail(name, "tags can be moved")];
    return [pass(name, `under ${key}, scanned as the project says (${scanningState}), immutable`)];
  },
  sabotages: [
    {
      name: "scanning is off in the repository",
      apply({ googleRepositories }) {
        for (const repository of googleRepositories) repository.scanning = "DISABLED";
      },
    },
    {
      name: "it is under a key of Google's",
      apply({ googleRepositories }) {
        for (const repository of googleRepositories) delete repository.key;
      },
    },
    {
      name: "tags move",
      apply({ googleRepositories }) {
        for (const repository of googleRepositories) repository.immutableTags = false;
      },
    },
  ],
});

export function ownRepository(
  repositories: Facts["googleRepositories"],
  { project, region, repository }: GoogleTarget,
) {
  return repositories.find(({ name }) => name === `projects/${project}/locations/${region}/repositories/${repository}`);
}
