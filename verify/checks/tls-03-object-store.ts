import { adminServiceAccounts } from "../../components/identity/contract.ts";
import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames, planeWorld } from "../reason/iam/plane-world.ts";
import { inSession, overTls, simulate } from "../reason/iam/simulate.ts";
import type { World } from "../reason/iam/world.ts";
import type { Target } from "../target.ts";
import { accept, judgeVersions } from "./tls-01-versions.ts";

const cases = [
  { how: "over TLS 1.3", context: overTls, wanted: "allowed" },
  { how: "over TLS 1.1", context: { "s3:tlsversion": ["1.1"] }, wanted: "denied" },
  { how: "in clear", context: { ...overTls, "aws:securetransport": ["false"] }, wanted: "denied" },
] as const;

/** A signed URL is its signer's request, and the signer has the admin role: what that is refused no URL does. */
export const storeByTlsOnly = defineCheck({
  id: "TLS-03",
  title: "The object store is reached by TLS 1.2 or later only: by its host, and by the word of each bucket",
  severity: "high",
  probes: true,
  claims: ["comm-client-object-store-https"],
  documented: [],
  fix: "Deny s3:* on both buckets where aws:SecureTransport is false, and where s3:TlsVersion is under 1.2.",
  needs: ["probedStore", ...planeFactNames],
  evaluate({ probedStore, ...facts }, target) {
    const world = planeWorld(facts, []);
    const names = [target.buckets.metadata, target.buckets.fastRegistration];
    const deniesPlain = names.every((name) => isRefused(world, name, target));
    return [
      ...probedStore.flatMap((host) => {
        // A public store's port 80 answers whoever asks; what it then does with a request is the bucket's word.
        const answered = host.plain.outcome === "answered" && deniesPlain;
        return judgeVersions(answered ? { ...host, plain: { outcome: "closed", told: "by both buckets" } } : host);
      }),
      ...names.flatMap((name) => cases.map((one) => judge(world, name, one, target))),
    ];
  },
  sabotages: [
    { name: "the store's host takes TLS 1.0", apply: ({ probedStore }) => accept(probedStore.at(-1), "TLSv1") },
    {
      name: "the second bucket takes any TLS",
      apply({ buckets }, target) {
        const last = buckets.find(({ name }) => name === target.buckets.fastRegistration);
        const statements = last?.policy?.statements.filter(({ conditions }) => !conditions.NumericLessThan) ?? [];
        if (last?.policy) last.policy = { ...last.policy, statements };
      },
    },
    {
      name: "the first bucket has no policy",
      apply({ buckets }, target) {
        const first = buckets.find(({ name }) => name === target.buckets.metadata);
        if (first) delete first.policy;
      },
    },
  ],
});

function ask(world: World, bucket: string, { context }: Pick<(typeof cases)[number], "context">, target: Target) {
  const arn = `arn:aws:iam::${target.account}:role/${target.roles.admin}`;
  if (!world.entities.some((entity) => entity.arn === arn)) return `unknown: ${arn} does not exist`;
  const resource = `arn:aws:s3:::${bucket}/${target.org}/object`;
  const signer = inSession(adminServiceAccounts.objectstore);
  return simulate(world, arn, { action: "s3:GetObject", resource, context: { ...context, ...signer } });
}

function isRefused(world: World, bucket: string, target: Target): boolean {
  return cases.every((one) => ask(world, bucket, one, target) === one.wanted);
}

function judge(world: World, bucket: string, one: (typeof cases)[number], target: Target): Finding {
  const answer = ask(world, bucket, one, target);
  const subject = `bucket ${bucket}, ${one.how}`;
  return answer === one.wanted ? pass(subject, answer) : fail(subject, `${answer}, where ${one.wanted} is right`);
}
