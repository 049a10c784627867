/** What a text looks like, for those who must not keep it. */

const patterns: [name: string, pattern: RegExp][] = [
  ["an AWS access key id", /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["an AWS secret access key", /aws_secret_access_key\s*[=:]\s*\S{20}/i],
  ["a Google service account key", /"type"\s*:\s*"service_account"/],
  ["an Azure storage key", /AccountKey=[A-Za-z0-9+/=]{40}/],
];

/** @returns kinds of cloud credential, also of a value that was hidden. Also one level of base64, in which keys are often wrapped once more. */
export function looksLike(value: string): string[] {
  const told = /^\(hidden, looks like (.+)\)$/.exec(value)?.[1];
  if (told !== undefined) return told.split(" and ");
  const inner = /^[A-Za-z0-9+/=\s]{24,}$/.test(value) ? Buffer.from(value, "base64").toString("latin1") : "";
  return patterns.filter(([, pattern]) => pattern.test(value) || pattern.test(inner)).map(([name]) => name);
}

/** Secrets of no cloud, which nothing judges and nobody may keep. */
const others = [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/];
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;

/** Instead of a value: what it looks like, in words that `looksLike` reads. */
export function hidden(value: string): string {
  const kinds = looksLike(value);
  return kinds.length > 0 ? `(hidden, looks like ${kinds.join(" and ")})` : "(hidden)";
}

/** A value as it may be kept: hidden when it looks like a secret, without the password of a URL. */
export function redactValue(value: string): string {
  if (looksLike(value).length > 0 || others.some((pattern) => pattern.test(value))) return hidden(value);
  return value.replace(userInfo, "$1(hidden)@");
}

/** Of variables whose value is hidden whatever it looks like. */
export const secretName = /SECRET|TOKEN|PASSW|API_?KEY|ACCESS_KEY|CREDENTIAL|PRIVATE_KEY/i;

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** As `kubectl describe` and YAML write a variable. A value that begins as a path or a reference is no secret. */
const assignment = /^(\s*-?\s*([A-Za-z_]\w*)\s*[:=]\s+)([^\s/<].*)$/;

/** What a command printed, as it may be kept. */
export function redactText(text: string): string {
  return text.replace(privateKey, "(hidden)").split("\n").map(redactLine).join("\n");
}

function redactLine(line: string): string {
  const [, head = "", name = "", value = ""] = assignment.exec(line) ?? [];
  return secretName.test(name) ? `${head}${hidden(value)}` : redactValue(line);
}
