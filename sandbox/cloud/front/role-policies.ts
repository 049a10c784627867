/** A role's inline policies, asked of the emulator, which keeps them as the stacks wrote them. */
import { authorizationFor, type Emulator } from "./emulator.ts";

/** A policy that was changed holds this much later at most. */
const freshMs = 2_000;

export class RolePolicies {
  private readonly emulator: Emulator;
  private readonly account: string;
  private readonly held = new Map<string, { at: number; documents: Promise<string[]> }>();

  constructor(emulator: Emulator, account: string) {
    this.emulator = emulator;
    this.account = account;
  }

  /** @returns JSON documents; none for a role that is not there */
  of(role: string, now = Date.now()): Promise<string[]> {
    const known = this.held.get(role);
    if (known && now - known.at < freshMs) return known.documents;
    const documents = this.read(role);
    this.held.set(role, { at: now, documents });
    // A failure is told to whoever asked, and the next one asks again.
    documents.catch(() => this.held.delete(role));
    return documents;
  }

  private async read(role: string): Promise<string[]> {
    const listed = await this.ask({ Action: "ListRolePolicies", RoleName: role });
    if (listed === undefined) return [];
    const names = [...listed.matchAll(/<member>([^<]+)<\/member>/g)].map(([, name = ""]) => name);
    const answers = names.map((PolicyName) => this.ask({ Action: "GetRolePolicy", RoleName: role, PolicyName }));
    return (await Promise.all(answers)).flatMap((answer) => {
      const text = /<PolicyDocument>([^<]+)<\/PolicyDocument>/.exec(answer ?? "")?.[1];
      return text ? [decodeURIComponent(unescaped(text))] : [];
    });
  }

  private async ask(fields: Record<string, string>): Promise<string | undefined> {
    const { status, body } = await this.emulator.call({
      account: this.account,
      method: "POST",
      target: "/",
      headers: {
        host: "iam.amazonaws.com",
        authorization: authorizationFor("iam", "us-east-1"),
        "content-type": "application/x-www-form-urlencoded",
      },
      body: Buffer.from(new URLSearchParams({ Version: "2010-05-08", ...fields }).toString()),
    });
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`the emulator answered ${status} to ${fields.Action}: ${body}`);
    return body.toString();
  }
}

function unescaped(xml: string): string {
  return xml
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#34;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
