import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { inOwnNamespaces } from "../target.ts";

export const imagesFromTheRegistry = defineClusterCheck({
  id: "POD-04",
  title: "Every running image came from the customer's registry",
  severity: "high",
  claims: ["data-images-in-registry"],
  documented: ["C11"],
  fix: "Push the image to the customer's registry and name it there.",
  needs: ["pods"],
  evaluate({ pods }, target) {
    const ours = pods.filter(inOwnNamespaces(target));
    return ours.flatMap((pod) =>
      (pod.status?.containerStatuses ?? [])
        .filter(({ imageID }) => imageID)
        .map(({ name, imageID }) => {
          const subject = `${subjectOf("Pod", pod)}#${name}`;
          const host = imageID.replace(/^[a-z]+:\/\//, "").split("/")[0] ?? "";
          return target.registryHosts.includes(host)
            ? pass(subject, imageID)
            : fail(subject, `image of ${host}: ${imageID}`);
        }),
    );
  },
  sabotages: [
    {
      name: "the last container's image came from a public registry",
      apply(facts, target) {
        const pods = facts.pods.filter(inOwnNamespaces(target));
        const status = pods
          .findLast(({ status }) => status?.containerStatuses?.length)
          ?.status?.containerStatuses?.at(-1);
        if (!status) return false;
        status.imageID = "docker.io/library/miner@sha256:00";
        return undefined;
      },
    },
  ],
});
