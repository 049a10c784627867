import { defineClusterCheck } from "../check.ts";
import { componentLabel, componentsOf } from "../documented/components.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";

export const deploymentsAsReleased = defineClusterCheck({
  id: "DEP-01",
  title: "Every component's Deployment is whole and runs a released image by digest",
  severity: "high",
  claims: ["verify-components-deployments"],
  documented: ["C01"],
  fix: "Deploy the digests of images.lock.json by the customer stack.",
  needs: ["deployments"],
  evaluate({ deployments }, target) {
    const components = componentsOf(target);
    const here = deployments.filter(({ metadata }) => metadata?.namespace === target.namespace);
    const strangers = here.filter(({ metadata }) => !components.some(({ name }) => name === metadata?.name));
    return [
      ...components.map(({ documented, name }) => {
        const deployment = here.find(({ metadata }) => metadata?.name === name);
        if (!deployment) return fail(`Deployment/${target.namespace}/${name}`, `${documented} has no Deployment`);
        const subject = subjectOf("Deployment", deployment);
        const { spec, status, metadata } = deployment;
        const wanted = spec?.replicas ?? 1;
        const seen = [status?.availableReplicas ?? 0, status?.updatedReplicas ?? 0];
        if (wanted < 1) return fail(subject, "scaled to nothing");
        if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return fail(subject, "not rolled out yet");
        if (seen.some((count) => count !== wanted))
          return fail(subject, `${seen[0]} available and ${seen[1]} updated of ${wanted}`);
        const { initContainers = [], containers = [] } = spec?.template.spec ?? {};
        const images = [...initContainers, ...containers].map(({ image = "" }) => image);
        const foreign = images.find((image) => !target.releasedDigests.includes(image.split("@")[1] ?? ""));
        if (foreign !== undefined) return fail(subject, `runs ${foreign}, which is no released digest`);
        return pass(subject, `${wanted} of ${wanted} available, ${images.join(", ")}`);
      }),
      ...strangers.map((deployment) =>
        fail(subjectOf("Deployment", deployment), "is no component of the architecture"),
      ),
    ];
  },
  sabotages: [
    {
      name: "one replica of the last component is missing",
      apply(facts, target) {
        const last = facts.deployments.findLast(({ metadata }) => metadata?.name === componentsOf(target).at(-1)?.name);
        if (!last?.status) return false;
        last.status.availableReplicas = (last.spec?.replicas ?? 1) - 1;
        return undefined;
      },
    },
    {
      name: "the first component runs another image",
      apply(facts, target) {
        const first = facts.deployments.find(({ metadata }) => metadata?.name === componentsOf(target)[0]?.name);
        const container = first?.spec?.template.spec?.containers[0];
        if (!container) return false;
        container.image = `registry.example.test/services@sha256:${"f".repeat(64)}`;
        return undefined;
      },
    },
    {
      name: "an unreleased sidecar stands last in its pods",
      apply(facts, target) {
        const deployment = facts.deployments.find(
          ({ metadata }) => metadata?.namespace === target.namespace && metadata.labels?.[componentLabel],
        );
        deployment?.spec?.template.spec?.containers.push({ name: "helper", image: "helper:latest" });
      },
    },
    {
      name: "a Deployment that nobody documented stands beside",
      apply(facts, target) {
        facts.deployments.push({ metadata: { namespace: target.namespace, name: "debug" } });
      },
    },
  ],
});
