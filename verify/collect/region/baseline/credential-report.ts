/** IAM's credential report, a table with commas. Pure. */
import type { CredentialFact } from "../../../facts-baseline.ts";

const rootUser = "<root_account>";
/** What the report writes where there is no time. */
const noTime = ["N/A", "no_information", "not_supported"];

/** @throws on anything but a whole report with the root user in it: who is left out is not judged */
export function parseCredentialReport(text: string): CredentialFact[] {
  const [head = "", ...lines] = text.trim().split(/\r?\n/);
  const columns = head.split(",");
  const users = lines.map((line) => userOf(fieldsOf(columns, line)));
  if (!users.some(({ root }) => root)) throw new Error("the credential report does not tell of the root user");
  return users;
}

function fieldsOf(columns: readonly string[], line: string): Map<string, string> {
  const values = line.split(",");
  // A user's name may hold a comma, which the report does not mark.
  if (values.length !== columns.length) throw new Error(`a line of the credential report has ${values.length} fields`);
  return new Map(columns.map((column, at) => [column, values[at] ?? ""]));
}

function userOf(fields: Map<string, string>): CredentialFact {
  const need = (column: string) => {
    const value = fields.get(column);
    if (value === undefined) throw new Error(`the credential report has no column ${column}`);
    return value;
  };
  const flag = (column: string) => {
    const value = need(column).toLowerCase();
    if (!["true", "false", "not_supported", "n/a"].includes(value)) throw new Error(`${column} is ${value}`);
    return value === "true";
  };
  const time = (column: string) => {
    const value = need(column);
    if (noTime.includes(value)) return undefined;
    if (Number.isNaN(Date.parse(value))) throw new Error(`${column} is no time: ${value}`);
    return new Date(value).toISOString();
  };
  const user = need("user");
  return {
    user,
    root: user === rootUser,
    password: flag("password_enabled"),
    ...known("passwordUsed", time("password_last_used")),
    ...known("passwordChanged", time("password_last_changed")),
    secondFactor: flag("mfa_active"),
    keys: [1, 2].map((key) => ({
      active: flag(`access_key_${key}_active`),
      ...known("rotated", time(`access_key_${key}_last_rotated`)),
      ...known("used", time(`access_key_${key}_last_used_date`)),
    })),
  };
}

function known<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: string });
}
