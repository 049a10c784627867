import { defineClusterCheck } from "../check.ts";
import type { ProbedObject, ProbedSession } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/**
 * By real tokens at the real service, each beside the one that must be given: nobody is refused by being unknown. What was
 * tried is told alike in every cloud.
 */
export const sessionsByOwnToken = defineClusterCheck({
  id: "IAM-10",
  title:
    "The cloud gives each account's pods their own identity and no other; a task works on its own objects in both buckets only",
  severity: "critical",
  probes: true,
  claims: ["iam-user-assumed-by-task-pods", "iam-user-object-store-rw"],
  documented: ["C07", "C08"],
  fix: "Let the customer's stack write who takes both identities, and what they may do.",
  needs: ["probedSessions", "probedObjects"],
  evaluate({ probedSessions, probedObjects }, target) {
    return [
      ...probedSessions.map(judgeSession),
      ...kinds.map((kind) => judgeControl(kind, probedSessions)),
      ...probedObjects.map(judgeObject),
      ...[target.buckets.metadata, target.buckets.fastRegistration].map((bucket): Finding => {
        const tried = probedObjects.filter((one) => one.bucket === bucket);
        return tried.length > 0
          ? pass(`bucket ${bucket}`, `${tried.length} calls`)
          : fail(`bucket ${bucket}`, "nothing was tried");
      }),
    ];
  },
  sabotages: [
    {
      name: "the first platform account takes the tasks' role",
      apply({ probedSessions }) {
        const first = probedSessions.find(({ kind, own }) => kind === "platform" && !own);
        if (!first) return false;
        first.taken = true;
        return undefined;
      },
    },
    {
      name: "the last task account takes the platform's role",
      apply({ probedSessions }) {
        const last = probedSessions.findLast(({ kind, own }) => kind === "task" && !own);
        if (!last) return false;
        last.taken = true;
        return undefined;
      },
    },
    {
      name: "tasks get no session at all",
      apply({ probedSessions }) {
        for (const session of probedSessions) if (session.kind === "task") session.taken = false;
      },
    },
    {
      name: "no platform account was tried",
      apply(facts) {
        facts.probedSessions = facts.probedSessions.filter(({ kind }) => kind === "task");
      },
    },
    {
      name: "the last bucket lets a task read next door",
      apply({ probedObjects }) {
        const last = probedObjects.findLast(({ place, action }) => place === "next door" && action === "get");
        if (last) last.allowed = true;
      },
    },
    {
      name: "the second bucket takes no object of a task's",
      apply({ probedObjects }, { buckets }) {
        for (const one of probedObjects) if (one.bucket === buckets.fastRegistration) one.allowed = false;
      },
    },
  ],
});

const kinds = ["platform", "task"] as const;

function judgeSession({ account, role, own, taken, told }: ProbedSession): Finding {
  const subject = `${account} → ${role}`;
  if (own) return taken ? pass(subject, `its own: ${told}`) : fail(subject, `its own, and refused: ${told}`);
  return taken ? fail(subject, `another's, and given: ${told}`) : pass(subject, `another's: ${told}`);
}

function judgeControl(kind: ProbedSession["kind"], sessions: readonly ProbedSession[]): Finding {
  const tried = sessions.filter((one) => one.kind === kind);
  const both = [true, false].every((own) => tried.some((one) => one.own === own));
  const subject = `${kind} accounts`;
  return both
    ? pass(subject, `${tried.length} tokens tried`)
    : fail(subject, "were not tried with own and other roles");
}

function judgeObject({ account, bucket, place, action, allowed, told }: ProbedObject): Finding {
  const subject = `${account}: ${action} in ${bucket}, ${place}`;
  const wanted = place === "own";
  return allowed === wanted
    ? pass(subject, told)
    : fail(subject, `${told}, where it should be ${wanted ? "done" : "refused"}`);
}
