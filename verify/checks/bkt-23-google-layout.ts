import { defineGoogleCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { declaredProjects } from "../target.ts";

export const googleObjectLayout = defineGoogleCheck({
  id: "BKT-23",
  title: "Objects lie under org/project/domain/…",
  severity: "medium",
  claims: ["buckets-namespace-layout"],
  documented: [],
  fix: "Find who wrote the stray object: every service composes names beneath the caller's prefix.",
  needs: ["googleBuckets"],
  evaluate({ googleBuckets }, target) {
    const prefixes = declaredProjects(target).map(({ project, domain }) => `${target.org}/${project}/${domain}/`);
    return googleBuckets
      .filter(({ name }) => name === target.buckets.metadata)
      .flatMap(({ name, objects }) => {
        const strays = objects.filter((object) => !prefixes.some((prefix) => object.startsWith(prefix)));
        if (strays.length > 0)
          return strays.map((object) => fail(`gs://${name}/${object}`, "outside every project's prefix"));
        return objects.length > 0
          ? [pass(`gs://${name}`, `${objects.length} objects, all beneath ${prefixes.join(", ")}`)]
          : [];
      });
  },
  sabotages: [
    {
      name: "one object lies under another organisation",
      apply({ googleBuckets }, target) {
        googleBuckets
          .find(({ name }) => name === target.buckets.metadata)
          ?.objects.push("globex/demo/development/r/a0/inputs.pb");
      },
    },
  ],
});
