import { identityAnnotations } from "../../components/identity/contract.ts";
import { adminIdentity, foundIdentity, planeIdentities, taskIdentityIn } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type AzureTarget, adminAccounts, inOwnNamespaces, projectNamespaces } from "../target.ts";
import { someone } from "./azure-questions.ts";

const annotation = identityAnnotations.azure;

/** Both ways: who must be annotated is, with its own identity, and nobody else with any of the plane's. */
export const azureAccountsAnnotated = defineAzureCheck({
  id: "IAM-41",
  title: "Kubernetes accounts name the managed identity that is theirs, and no other does",
  severity: "high",
  claims: ["iam-user-sa-annotation", "iam-sa-role-arn-annotation"],
  documented: ["C08"],
  fix: `Annotate the account with ${annotation} as the customer stack does, and take it from every other.`,
  needs: ["serviceAccounts", "azureIdentities"],
  evaluate({ serviceAccounts, azureIdentities }, target) {
    const clientOf = (one: Parameters<typeof foundIdentity>[2]) =>
      foundIdentity(azureIdentities, target, one)?.clientId;
    const wanted = wantedOf(target, clientOf);
    const found = new Map(serviceAccounts.map((account) => [subjectOf("ServiceAccount", account), account]));
    const ours = new Set(planeIdentities(target).map(clientOf));
    const missing = [...wanted.keys()].filter((subject) => !found.has(subject));
    return [
      ...missing.map((subject) => fail(subject, "does not exist")),
      ...[...found].flatMap(([subject, account]): Finding[] => {
        const named = account.metadata?.annotations?.[annotation];
        if (wanted.has(subject)) {
          const own = wanted.get(subject);
          if (own === undefined) return [fail(subject, "its identity does not exist")];
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
      name: "the executor takes the tasks' identity",
      apply: (facts, target) =>
        name(facts, `ServiceAccount/${target.namespace}/executor`, clientFor(facts, target, "task")),
    },
    {
      name: "tasks take the platform's identity",
      apply: (facts, target) =>
        name(facts, `ServiceAccount/${projectNamespaces(target).at(-1)}/default`, clientFor(facts, target, "admin")),
    },
    {
      name: "another namespace's account names the platform's",
      apply(facts, target) {
        const client = clientFor(facts, target, "admin");
        if (client === undefined) return false;
        const annotations = { [annotation]: client };
        facts.serviceAccounts.push({ metadata: { namespace: "elsewhere", name: "default", annotations } });
        return undefined;
      },
    },
    {
      name: "tasks' annotation is gone",
      apply: (facts, target) => name(facts, `ServiceAccount/${projectNamespaces(target)[0]}/default`, undefined),
    },
  ],
});

function wantedOf(
  target: AzureTarget,
  clientOf: (one: Parameters<typeof foundIdentity>[2]) => string | undefined,
): Map<string, string | undefined> {
  const admin = clientOf(adminIdentity(target));
  return new Map([
    ...adminAccounts(target).map((account): [string, string | undefined] => [
      `ServiceAccount/${target.namespace}/${account}`,
      admin,
    ]),
    ...projectNamespaces(target).map((space): [string, string | undefined] => [
      `ServiceAccount/${space}/default`,
      clientOf(taskIdentityIn(target, space)),
    ]),
  ]);
}

function clientFor(facts: Pick<Facts, "azureIdentities">, target: AzureTarget, which: "admin" | "task") {
  const principal = someone(facts, target, which);
  return facts.azureIdentities.find(({ principalId }) => principalId === principal)?.clientId;
}

function name({ serviceAccounts }: Pick<Facts, "serviceAccounts">, subject: string, client: string | undefined) {
  const account = serviceAccounts.find((one) => subjectOf("ServiceAccount", one) === subject);
  if (!account?.metadata) return false;
  account.metadata.annotations = client === undefined ? {} : { [annotation]: client };
  return undefined;
}
