import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { projectNamespaces } from "../target.ts";

/** A namespace of its own for every declared project-domain, and none that nobody declared. */
export const namespacePerProject = defineClusterCheck({
  id: "NS-01",
  title: "Every project-domain has a namespace of its own",
  severity: "high",
  claims: ["ns-per-project"],
  documented: [],
  fix: "Declare the project in the customer stack's `projects`, or remove the stray namespace.",
  needs: ["namespaces"],
  evaluate({ namespaces }, target) {
    const wanted = projectNamespaces(target);
    const ours = namespaces.filter(({ metadata }) => metadata?.labels?.["biplane.dev/project"] !== undefined);
    const strays = ours.filter(({ metadata }) => !wanted.includes(metadata?.name ?? ""));
    return [
      ...wanted.map((name) => {
        const found = ours.find(({ metadata }) => metadata?.name === name);
        if (!found) return fail(`Namespace/${name}`, "missing, or without the label biplane.dev/project");
        const org = found.metadata?.labels?.["biplane.dev/org"];
        if (org !== target.org) return fail(`Namespace/${name}`, `label biplane.dev/org is ${org}, not ${target.org}`);
        return pass(`Namespace/${name}`, `labelled with project ${found.metadata?.labels?.["biplane.dev/project"]}`);
      }),
      ...strays.map(({ metadata }) => fail(`Namespace/${metadata?.name}`, "a project namespace that is not declared")),
    ];
  },
  sabotages: [
    {
      name: "the last project's namespace is gone",
      apply(facts, target) {
        const last = projectNamespaces(target).at(-1);
        facts.namespaces = facts.namespaces.filter(({ metadata }) => metadata?.name !== last);
      },
    },
    {
      name: "a namespace of another organisation stands beside",
      apply(facts) {
        facts.namespaces.push({
          metadata: {
            name: "globex-production",
            labels: { "biplane.dev/project": "globex", "biplane.dev/org": "globex" },
          },
        });
      },
    },
  ],
});
