import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
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
      statusesOf(pod)
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
    {
      name: "what ran before the first pod's containers came from a public registry",
      apply: (facts, target) => ran(facts.pods.find(inOwnNamespaces(target)), "initContainerStatuses"),
    },
    {
      name: "somebody debugs the last pod by a public image",
      apply: (facts, target) => ran(facts.pods.findLast(inOwnNamespaces(target)), "ephemeralContainerStatuses"),
    },
  ],
});

/** Of all that ran in it, whatever its kind. */
function statusesOf({ status }: V1Pod): V1ContainerStatus[] {
  return [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
}

function ran(pod: V1Pod | undefined, kind: "initContainerStatuses" | "ephemeralContainerStatuses"): undefined | false {
  if (!pod?.status) return false;
  const imageID = "docker.io/library/miner@sha256:00";
  const one = { name: "other", image: "miner", imageID, ready: true, restartCount: 0 };
  pod.status[kind] = [...(pod.status[kind] ?? []), one];
  return undefined;
}
