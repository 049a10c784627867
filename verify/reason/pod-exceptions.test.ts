import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { shipperNamespace } from "../../components/logs/contract.ts";
import { renderDaemon } from "../../components/logs/daemon.ts";
import { labelsOf } from "../../components/workloads/labels.ts";
import { goodFacts, goodTarget } from "../testing/good-plane.ts";
import { judgeExceptions } from "./pod-exceptions.ts";

/** As the kit's DaemonSet makes it. */
function shipperPod(): V1Pod {
  const image = `registry.test/fluent-bit@sha256:${"0".repeat(64)}`;
  const files = { kind: "configMap" as const, name: "shipper", checksum: "0" };
  const daemon = renderDaemon({ kind: "fluent-bit", image, region: "us-east-2", files });
  const { spec } = JSON.parse(JSON.stringify(daemon)).template as V1Pod;
  return { metadata: { namespace: shipperNamespace, name: "log-shipper-x", labels: labelsOf("log-shipper") }, spec };
}

function faults(spoil: (pod: V1Pod) => void = () => undefined): string[] {
  const facts = goodFacts();
  const pod = shipperPod();
  spoil(pod);
  facts.pods.push(pod);
  const findings = judgeExceptions(facts, goodTarget);
  expect(findings.some(({ subject }) => subject.includes("log-shipper-x"))).toBe(true);
  return findings.filter(({ ok }) => !ok).map(({ evidence }) => evidence);
}

describe("the log shipper", () => {
  it("passes as the kit makes it", () => expect(faults()).toEqual([]));

  it.each<[string, (pod: V1Pod) => void]>([
    ["runs as account default", ({ spec }) => void delete spec?.serviceAccountName],
    ["shares the node's network, processes or memory", ({ spec }) => void Object.assign(spec ?? {}, { hostPID: true })],
    ["mounts /etc of the node", ({ spec }) => void spec?.volumes?.push({ name: "etc", hostPath: { path: "/etc" } })],
    [
      "log-shipper could write /var/log/pods",
      ({ spec }) => {
        for (const mount of spec?.containers[0]?.volumeMounts ?? []) mount.readOnly = false;
      },
    ],
    [
      "helper could become more than it is",
      ({ spec }) => void Object.assign(spec ?? {}, { initContainers: [{ name: "helper" }] }),
    ],
    [
      "log-shipper keeps a capability",
      ({ spec }) =>
        void Object.assign(spec?.containers[0]?.securityContext?.capabilities ?? {}, { add: ["SYS_ADMIN"] }),
    ],
    ["is not the log shipper", ({ metadata }) => void delete metadata?.labels],
  ])("is found when it %s", (words, spoil) => expect(faults(spoil)).toEqual([words]));
});
