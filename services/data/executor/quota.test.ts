import { describe, expect, it } from "vitest";
import { beyondQuota, closedQuota } from "./quota.ts";

const refusal = (requested: string, used: string, limited: string) =>
  `pods "r1-a0-0" is forbidden: exceeded quota: quota, requested: ${requested}, used: ${used}, limited: ${limited}`;

describe("a quota that stands in the way", () => {
  it.each([
    ["full for now", refusal("limits.cpu=2", "limits.cpu=7", "limits.cpu=8")],
    ["full to the last core", refusal("limits.cpu=8", "limits.cpu=1", "limits.cpu=8")],
    ["full in two ways", refusal("limits.cpu=2,pods=1", "limits.cpu=7,pods=9", "limits.cpu=8,pods=9")],
    ["told in words that we do not read", refusal("limits.cpu=many", "limits.cpu=7", "limits.cpu=8")],
    ["no quota at all", 'pods "r1-a0-0" is forbidden: violates PodSecurity "restricted:latest"'],
  ])("is waited for when it is %s", (_, message) => expect(beyondQuota(message)).toBeUndefined());

  it("is closed for a project that is archived, and says so", () => {
    const message = (pods: string) =>
      refusal("limits.cpu=1,pods=1", "limits.cpu=1,pods=1", `limits.cpu=8,pods=${pods}`);
    expect(closedQuota(message("0"))).toBe("The project is archived: what runs ends, and nothing new is started.");
    expect(closedQuota(message("5"))).toBeUndefined();
  });

  it.each([
    [refusal("limits.cpu=9", "limits.cpu=0", "limits.cpu=8"), "limits.cpu 9 of at most 8"],
    [
      refusal("limits.memory=2Ti,pods=1", "limits.memory=0,pods=3", "limits.memory=1Ti,pods=9"),
      "limits.memory 2Ti of at most 1Ti",
    ],
    [
      refusal("requests.nvidia.com/gpu=2", "requests.nvidia.com/gpu=0", "requests.nvidia.com/gpu=1"),
      "requests.nvidia.com/gpu 2 of at most 1",
    ],
    [
      refusal("cpu=1500m,memory=1Gi", "cpu=0,memory=0", "cpu=1,memory=512Mi"),
      "cpu 1500m of at most 1, memory 1Gi of at most 512Mi",
    ],
  ])("ends the action when it can never be enough", (message, words) =>
    expect(beyondQuota(message)).toBe(`The task asks for more than the whole quota of its project: ${words}.`),
  );
});
