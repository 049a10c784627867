/** What a text looks like, for those who must not keep it. */

const patterns: [name: string, pattern: RegExp][] = [
  ["an AWS access key id", /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["an AWS secret access key", /aws_secret_access_key\s*[=:]\s*\S{20}/i],
  ["a Google service account key", /"type"\s*:\s*"service_account"/],
  ["an Azure storage key", /AccountKey=[A-Za-z0-9+/=]{40}/],
];

/** @returns kinds of cloud credential. Also one level of base64, in which keys are often wrapped once more. */
export function looksLike(value: string): string[] {
  const inner = /^[A-Za-z0-9+/=\s]{24,}$/.test(value) ? Buffer.from(value, "base64").toString("latin1") : "";
  return patterns.filter(([, pattern]) => pattern.test(value) || pattern.test(inner)).map(([name]) => name);
}
