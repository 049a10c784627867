import { defineAzureCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { declaredProjects } from "../target.ts";

export const azureObjectLayout = defineAzureCheck({
  id: "BKT-43",
  title: "Objects lie under org/project/domain/…",
  severity: "medium",
  claims: ["buckets-namespace-layout"],
  documented: [],
  fix: "Find who wrote the stray object: every service composes names beneath the caller's prefix.",
  needs: ["azureObjects"],
  evaluate({ azureObjects }, target) {
    const prefixes = declaredProjects(target).map(({ project, domain }) => `${target.org}/${project}/${domain}/`);
    return azureObjects
      .filter(({ container }) => container === target.buckets.metadata)
      .flatMap(({ container, names }) => {
        const strays = names.filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
        if (strays.length > 0)
          return strays.map((name) => fail(`${container}/${name}`, "outside every project's prefix"));
        return names.length > 0 ? [pass(container, `${names.length} objects, all beneath ${prefixes.join(", ")}`)] : [];
      });
  },
  sabotages: [
    {
      name: "one object lies under another organisation",
      apply({ azureObjects }, target) {
        azureObjects
          .find(({ container }) => container === target.buckets.metadata)
          ?.names.push("globex/demo/development/r/a0/inputs.pb");
      },
    },
  ],
});
