import { secretPrefix } from "../../components/secrets/names.ts";
import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { globWithin, grants } from "../reason/iam-policy.ts";
import type { Target } from "../target.ts";
import { documentsOf } from "./iam-03-families.ts";

/**
 * What a role works with objects, secrets, logs and keys by. Everything else of these services changes how they are guarded, or
 * where they go. S3's are those of the documentation (n-s3-policy-exact), and the parts of an upload.
 */
const uses: Readonly<Record<string, readonly string[]>> = {
  s3: [
    ...["s3:getobject*", "s3:putobject*", "s3:deleteobject*", "s3:listbucket*", "s3:getbucketlocation"],
    ...["s3:abortmultipartupload", "s3:listmultipartuploadparts"],
  ],
  // The plane's own secrets are closed to everybody else by a policy of each, which comes with the secret.
  secretsmanager: [
    ...["createsecret", "deletesecret", "restoresecret", "putsecretvalue", "updatesecret", "putresourcepolicy"],
    ...["getsecretvalue", "batchgetsecretvalue", "describesecret", "list*", "tagresource", "untagresource"],
  ].map((action) => `secretsmanager:${action}`),
  logs: [
    ...["get*", "filter*", "describe*", "list*", "startquery", "stopquery", "startlivetail"],
    ...["createloggroup", "createlogstream", "putlogevents", "putretentionpolicy"],
  ].map((action) => `logs:${action}`),
  kms: ["decrypt", "encrypt", "generatedatakey*", "reencrypt*", "describekey"].map((action) => `kms:${action}`),
};

/** Every granted resource lies within the plane's own buckets, secrets and logs; a wildcard action reaches too far. Other services are for IAM-03. */
export const narrowResources = defineCheck({
  id: "IAM-04",
  title:
    "Both roles use the plane's own buckets, secrets and logs, change no guard of theirs, and reach nothing beyond",
  severity: "critical",
  claims: ["iam-roles-narrow", "lp-iam-minimum-permissions"],
  documented: ["C07"],
  fix: "Name the plane's own ARNs in the policy, and single actions that read, write, delete or list.",
  needs: ["iam"],
  evaluate({ iam }, target) {
    return (["admin", "user"] as const).flatMap((kind): Finding[] => {
      const role = iam.roles.find(({ name }) => name === target.roles[kind]);
      if (!role) return [fail(`role ${target.roles[kind]}`, "does not exist")];
      const envelope = envelopeOf(kind, target);
      return grants(documentsOf(role)).map((statement) => {
        const subject = `${role.arn}#${statement.sid ?? statement.actions[0] ?? "statement"}`;
        const wide = statement.actions.find((action) => /^([^:]+:)?[*?]*\*[*?]*$/.test(action));
        if (wide) return fail(subject, `grants ${wide}`);
        const guarding = statement.actions.find(isNoUse);
        if (guarding) return fail(subject, `grants ${guarding}, which is no use of what it reaches`);
        if (statement.notActions.length > 0 || statement.notResources.length > 0)
          return fail(subject, "grants by exclusion");
        const beyond = statement.resources.find((resource) => !envelope.some((outer) => globWithin(resource, outer)));
        return beyond ? fail(subject, `reaches ${beyond}`) : pass(subject, statement.resources.join(", "));
      });
    });
  },
  sabotages: [
    {
      name: "a bucket's name grows a star before the slash",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        const statement = role?.inline.at(-1)?.document.statements.at(-1);
        if (!statement) return false;
        statement.resources.push(`arn:aws:s3:::${target.buckets.metadata}*`);
        return undefined;
      },
    },
    {
      name: "the admin role may do anything in S3",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.admin);
        role?.inline[0]?.document.statements[0]?.actions.push("s3:*");
      },
    },
    {
      name: "the user role may do anything with the first bucket, by another glob",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        role?.inline[0]?.document.statements[0]?.actions.push("s3:?*");
      },
    },
    {
      name: "tasks may write the first bucket's policy",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        role?.inline[0]?.document.statements[0]?.actions.push("s3:putbucketpolicy");
      },
    },
    {
      name: "the admin role may put whatever a bucket has, but no object",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.admin);
        role?.inline.at(-1)?.document.statements.at(-1)?.actions.push("s3:putb*");
      },
    },
    {
      name: "the admin role reads secrets of an organisation whose name begins alike",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.admin);
        const name = secretPrefix(`${target.org}-two`);
        const arn = `arn:aws:secretsmanager:${target.region}:${target.account}:secret:${name}*`;
        role?.inline[0]?.document.statements.at(-1)?.resources.push(arn);
      },
    },
    {
      name: "the user role reaches another organisation's prefix",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        role?.inline[0]?.document.statements[0]?.resources.push(`arn:aws:s3:::${target.buckets.metadata}/globex/*`);
      },
    },
  ],
});

function isNoUse(action: string): boolean {
  const known = uses[action.split(":")[0] ?? ""];
  return known !== undefined && !known.some((pattern) => globWithin(action, pattern));
}

function envelopeOf(kind: "admin" | "user", target: Target): string[] {
  const buckets = [target.buckets.metadata, target.buckets.fastRegistration].map((name) => `arn:aws:s3:::${name}`);
  const own = `${target.region}:${target.account}`;
  const kms = `arn:aws:kms:${own}:key/*`;
  if (kind === "user") return [...buckets, ...buckets.map((bucket) => `${bucket}/${target.org}/*`), kms];
  return [
    ...buckets,
    ...buckets.map((bucket) => `${bucket}/*`),
    `arn:aws:secretsmanager:${own}:secret:${secretPrefix(target.org)}*`,
    `arn:aws:logs:${own}:log-group:*/${target.org}/*`,
    `arn:aws:logs:${own}:log-group:*${target.clusterName}*`,
    kms,
  ];
}
