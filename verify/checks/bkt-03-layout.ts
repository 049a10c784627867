import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { declaredProjects } from "../target.ts";

export const objectLayout = defineCheck({
  id: "BKT-03",
  title: "Objects lie under org/project/domain/…",
  severity: "medium",
  claims: ["buckets-namespace-layout"],
  documented: [],
  fix: "Find who wrote the stray object: every service composes keys beneath the caller's prefix.",
  needs: ["buckets"],
  evaluate({ buckets }, target) {
    const prefixes = declaredProjects(target).map(({ project, domain }) => `${target.org}/${project}/${domain}/`);
    return buckets
      .filter(({ name }) => name === target.buckets.metadata)
      .flatMap(({ name, keys }) => {
        const strays = keys.filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)));
        if (strays.length > 0)
          return strays.map((key) => fail(`s3://${name}/${key}`, "outside every project's prefix"));
        return keys.length > 0
          ? [pass(`bucket ${name}`, `${keys.length} keys, all beneath ${prefixes.join(", ")}`)]
          : [];
      });
  },
  sabotages: [
    {
      name: "one object lies under another organisation",
      apply(facts, target) {
        facts.buckets
          .find(({ name }) => name === target.buckets.metadata)
          ?.keys.push("globex/demo/development/r/a0/inputs.pb");
      },
    },
  ],
});
