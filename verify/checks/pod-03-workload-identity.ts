import { defineCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";
import { inOwnNamespaces } from "../target.ts";

const staticKeys =
  /^(AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_SHARED_CREDENTIALS_FILE|FLYTE_AWS_ACCESS_KEY_ID|FLYTE_AWS_SECRET_ACCESS_KEY|GOOGLE_APPLICATION_CREDENTIALS|AZURE_CLIENT_SECRET|AZURE_STORAGE_KEY)$/;

const stranger = { name: "AWS_ROLE_ARN", value: "arn:aws:iam::222222222222:role/stranger" };

/** Joins pod → account → annotation with what the pod was really given. */
export const identityPerPod = defineCheck({
  id: "POD-03",
  title: "Pods get cloud credentials by projected token only",
  severity: "critical",
  claims: ["k8s-workload-identity-per-pod"],
  documented: ["C08"],
  fix: "Annotate the service account with its role and remove the static keys from the pod.",
  needs: ["pods", "serviceAccounts"],
  evaluate({ pods, serviceAccounts }, target) {
    const roleOf = new Map(
      serviceAccounts.map((account) => [
        `${account.metadata?.namespace}/${account.metadata?.name}`,
        account.metadata?.annotations?.["eks.amazonaws.com/role-arn"],
      ]),
    );
    const ours = pods.filter(inOwnNamespaces(target));
    return ours.map((pod) => {
      const subject = subjectOf("Pod", pod);
      const env = containersOf(pod).flatMap((container) => container.env ?? []);
      const key = env.find(({ name }) => staticKeys.test(name));
      if (key) return fail(subject, `carries a static credential in ${key.name}`);
      const role = roleOf.get(`${pod.metadata?.namespace}/${pod.spec?.serviceAccountName ?? "default"}`);
      const given = env.filter(({ name }) => name === "AWS_ROLE_ARN").map(({ value = "another's word" }) => value);
      const other = given.find((one) => one !== role);
      if (other !== undefined || (role && given.length === 0))
        return fail(subject, `AWS_ROLE_ARN is ${other}, the account says ${role ?? "none"}`);
      if (!role) return pass(subject, "no cloud identity and no key");
      const token = (pod.spec?.volumes ?? []).some(({ projected }) =>
        projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken?.audience === "sts.amazonaws.com"),
      );
      return token
        ? pass(subject, `projected token for ${role}`)
        : fail(subject, "no projected token for sts.amazonaws.com");
    });
  },
  sabotages: [
    {
      name: "the last pod is handed a static key",
      apply(facts, target) {
        const pod = facts.pods.filter(inOwnNamespaces(target)).at(-1);
        const container = pod?.spec?.containers[0];
        if (!container) return false;
        container.env = [...(container.env ?? []), { name: "AWS_ACCESS_KEY_ID", value: "x" }];
        return undefined;
      },
    },
    {
      name: "a pod takes another role than its account's",
      apply(facts) {
        for (const { spec } of facts.pods)
          for (const entry of spec?.containers.flatMap((c) => c.env ?? []) ?? [])
            if (entry.name === "AWS_ROLE_ARN") entry.value = "arn:aws:iam::222222222222:role/stranger";
      },
    },
    {
      name: "a second container of a pod takes another role",
      apply({ pods }, target) {
        const pod = pods
          .filter(inOwnNamespaces(target))
          .find(({ spec }) => spec?.containers.some(({ env }) => env?.some(({ name }) => name === "AWS_ROLE_ARN")));
        if (!pod?.spec) return false;
        pod.spec.containers.push({ name: "helper", env: [stranger] });
        return undefined;
      },
    },
    {
      name: "a pod takes a role whose account has none",
      apply({ pods, serviceAccounts }, target) {
        const first = pods.find(inOwnNamespaces(target));
        if (!first?.spec) return false;
        serviceAccounts.push({ metadata: { namespace: first.metadata?.namespace, name: "without" } });
        first.spec.serviceAccountName = "without";
        first.spec.containers.push({ name: "helper", env: [stranger] });
        return undefined;
      },
    },
  ],
});
