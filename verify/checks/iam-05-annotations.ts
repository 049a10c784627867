import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { adminAccounts, projectNamespaces } from "../target.ts";

export const accountsAnnotated = defineCheck({
  id: "IAM-05",
  title: "Every account that needs the cloud is annotated with its role, and tasks never with the admin role",
  severity: "high",
  claims: ["iam-sa-role-arn-annotation", "iam-user-sa-annotation"],
  documented: ["C08"],
  fix: "Annotate the ServiceAccount with eks.amazonaws.com/role-arn by the customer stack.",
  needs: ["serviceAccounts", "iam"],
  evaluate({ serviceAccounts, iam }, target) {
    const arnOf = (name: string) => iam.roles.find((role) => role.name === name)?.arn;
    const wanted = [
      ...adminAccounts(target).map((name) => ({
        namespace: target.namespace,
        name,
        arn: arnOf(target.roles.admin),
      })),
      ...projectNamespaces(target).map((namespace) => ({ namespace, name: "default", arn: arnOf(target.roles.user) })),
    ];
    return wanted.map(({ namespace, name, arn }) => {
      const subject = `ServiceAccount/${namespace}/${name}`;
      const account = serviceAccounts.find((a) => a.metadata?.namespace === namespace && a.metadata.name === name);
      if (!account) return fail(subject, "does not exist");
      const annotation = account.metadata?.annotations?.["eks.amazonaws.com/role-arn"];
      if (!arn || annotation !== arn)
        return fail(subject, `annotated with ${annotation ?? "nothing"}, wanted ${arn ?? "a role"}`);
      return pass(subject, annotation);
    });
  },
  sabotages: [
    {
      name: "the last project's account loses its annotation",
      apply(facts, target) {
        const last = projectNamespaces(target).at(-1);
        const account = facts.serviceAccounts.find(
          ({ metadata }) => metadata?.namespace === last && metadata?.name === "default",
        );
        if (account?.metadata) account.metadata.annotations = {};
      },
    },
    {
      name: "task pods are given the admin role",
      apply(facts, target) {
        const admin = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.arn ?? "";
        for (const { metadata } of facts.serviceAccounts) {
          if (metadata?.name === "default" && metadata.annotations)
            metadata.annotations["eks.amazonaws.com/role-arn"] = admin;
        }
      },
    },
  ],
});
