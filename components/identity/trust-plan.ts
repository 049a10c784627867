/** How many service accounts one trust policy holds, known before anything is made. */
import { refusal } from "../../shared/errors.ts";
import { renderSessionTrust, renderTrust } from "./aws-policies.ts";
import type { Subject } from "./contract.ts";
import { iamQuotas, policyLength, type TrustQuota } from "./quotas.ts";

/** The identity provider as a trust policy names it. */
export interface TrustIssuer {
  providerArn: string;
  /** Without the scheme. */
  issuer: string;
}

/**
 * Our own limit beside AWS's characters: with names as long as people choose them 64 is what the raised quota holds,
 * and a plane that grew past it on short names would break at the next ordinary one.
 */
export const maxSubjects = 64;

/** An issuer as long as EKS makes them: on a first preview the real one is not known yet. */
export function longestIssuer(region: string): TrustIssuer {
  const issuer = `oidc.eks.${region}.amazonaws.com/id/${"0".repeat(32)}`;
  return { issuer, providerArn: `arn:aws:iam::${"0".repeat(12)}:oidc-provider/${issuer}` };
}

/** The first so many of the subjects that one trust policy takes, counted on the very document. */
export function subjectsThatFit(issuer: TrustIssuer, subjects: readonly Subject[], quota: TrustQuota): number {
  const fits = (count: number) => policyLength(renderTrust({ ...issuer, subjects: subjects.slice(0, count) })) <= quota;
  let [least, most] = [0, Math.min(subjects.length, maxSubjects)];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle - 1;
  }
  return least;
}

export interface TrustCheck {
  /** Setting that the subjects come from, for the message. */
  setting: string;
  issuer: TrustIssuer;
  subjects: readonly Subject[];
  /** @default what every account has */
  quota?: TrustQuota;
}

/** What `checkSessionTrust` looks at. */
export type SessionTrustCheck = Omit<TrustCheck, "setting">;

/** @throws UserError with the reason and the number that fits, when one trust policy cannot hold all subjects. */
export function checkTrust({ setting, issuer, subjects, quota = iamQuotas.trustPolicy.default }: TrustCheck): void {
  const fit = subjectsThatFit(issuer, subjects, quota);
  if (fit === subjects.length) return;
  const length = policyLength(renderTrust({ ...issuer, subjects: [...subjects] }));
  const reason =
    length > quota
      ? `their trust policy has ${length} characters, IAM takes ${quota}`
      : `one trust policy names at most ${maxSubjects} service accounts`;
  const raise =
    quota < iamQuotas.trustPolicy.raised
      ? `, or have AWS raise the quota of role trust policies and set biplane:trustPolicyQuota to ${iamQuotas.trustPolicy.raised}`
      : "";
  throw refusal({
    subject: setting,
    value: subjects.length,
    allowed: `up to ${fit} of these on one role: ${reason}`,
    todo: `Set biplane:isolation to project, which gives each project and domain a role of its own${raise}.`,
  });
}

/**
 * The same for the platform's services, whose statements are one each, so that the namespace's name counts several times.
 * @throws UserError when one trust policy cannot hold them all
 */
export function checkSessionTrust({
  issuer,
  subjects,
  quota = iamQuotas.trustPolicy.default,
}: SessionTrustCheck): void {
  const over = policyLength(renderSessionTrust({ ...issuer, subjects: [...subjects] })) - quota;
  if (over <= 0) return;
  const { namespace = "" } = subjects[0] ?? {};
  throw refusal({
    subject: "biplane:namespace",
    value: namespace,
    allowed: `up to ${namespace.length - Math.ceil(over / subjects.length)} characters: the admin role's trust policy names it once for each of ${subjects.length} services, and IAM takes ${quota} characters`,
    todo: `Choose a shorter name, or have AWS raise the quota of role trust policies and set biplane:trustPolicyQuota to ${iamQuotas.trustPolicy.raised}.`,
  });
}
