import { identityAnnotations } from "../../components/identity/contract.ts";
import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { subjectOf } from "../facts.ts";
import { taskAccountIn, taskAccounts } from "../google-accounts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { adminAccounts, type GoogleTarget, inOwnNamespaces, projectNamespaces } from "../target.ts";

const annotation = identityAnnotations.gcp;

/** Both ways: who must be annotated is, with its own identity, and nobody else with either. */
export const googleAccountsAnnotated = defineGoogleCheck({
  id: "IAM-11",
  title: "Kubernetes accounts name the Google service account that is theirs, and no other does",
  severity: "high",
  claims: ["iam-user-sa-annotation", "iam-sa-role-arn-annotation"],
  documented: ["C08"],
  fix: `Annotate the account with ${annotation} as the customer stack does, and take it from every other.`,
  needs: ["serviceAccounts"],
  evaluate({ serviceAccounts }, target) {
    const wanted = wantedOf(target);
    const found = new Map(serviceAccounts.map((account) => [subjectOf("ServiceAccount", account), account]));
    const missing = [...wanted.keys()].filter((subject) => !found.has(subject));
    const ours = new Set([target.accounts.admin, ...taskAccounts(target).map(({ email }) => email)]);
    return [
      ...missing.map((subject) => fail(subject, "does not exist")),
      ...[...found].flatMap(([subject, account]): Finding[] => {
        const named = account.metadata?.annotations?.[annotation];
        const own = wanted.get(subject);
        if (own !== undefined) {
          return [
            named === own ? pass(subject, `named ${own}`) : fail(subject, `names ${named ?? "none"}, not ${own}`),
          ];
        }
        if (named !== undefined && ours.has(named)) return [fail(subject, `names ${named}, which is not its own`)];
        return inOwnNamespaces(target)(account) ? [pass(subject, `names ${named ?? "none"}`)] : [];
      }),
    ];
  },
  sabotages: [
    {
      name: "the executor takes the tasks' account",
      apply: (facts, target) => give(facts, `ServiceAccount/${target.namespace}/executor`, target.accounts.user),
    },
    {
      name: "tasks take the platform's account",
      apply: (facts, target) =>
        give(facts, `ServiceAccount/${projectNamespaces(target).at(-1)}/default`, target.accounts.admin),
    },
    {
      name: "another namespace's account names the platform's",
      apply({ serviceAccounts }, { accounts }) {
        const annotations = { [annotation]: accounts.admin };
        serviceAccounts.push({ metadata: { namespace: "elsewhere", name: "default", annotations } });
      },
    },
    {
      name: "tasks' annotation is gone",
      apply: (facts, target) => give(facts, `ServiceAccount/${projectNamespaces(target)[0]}/default`, undefined),
    },
  ],
});

function wantedOf(target: GoogleTarget): Map<string, string> {
  const { namespace, accounts } = target;
  return new Map([
    ...adminAccounts(target).map((name): [string, string] => [`ServiceAccount/${namespace}/${name}`, accounts.admin]),
    ...projectNamespaces(target).map((space): [string, string] => [
      `ServiceAccount/${space}/default`,
      taskAccountIn(target, space),
    ]),
  ]);
}

function give({ serviceAccounts }: Pick<Facts, "serviceAccounts">, subject: string, identity: string | undefined) {
  const account = serviceAccounts.find((one) => subjectOf("ServiceAccount", one) === subject);
  if (!account?.metadata) return false;
  account.metadata.annotations = identity === undefined ? {} : { [annotation]: identity };
  return undefined;
}
