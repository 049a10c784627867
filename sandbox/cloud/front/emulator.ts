/**
 * The way into the emulator (moto). It tells accounts apart by access key, checks no signature, and makes up its own
 * keys, while the operators' keys are the object store's. So each account gets a session of a role `operator` in the
 * emulator, and a verified request goes on under that session's key id: it lands in the right account and
 * GetCallerIdentity names the session. A session, and no IAM user: the accounts hold no static key.
 */
import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../shared/errors.ts";
import { operatorRole } from "../../hosts.ts";
import type { Operator } from "./config.ts";
import { exchange, type Upstream, type WholeAnswer } from "./upstream.ts";

export interface EmulatorCall {
  account: string;
  method: string;
  target: string;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

export class Emulator {
  private readonly upstream: Upstream;
  /** Account → access key id of its operator's session in the emulator. */
  private readonly keys = new Map<string, string>();

  constructor(port: number) {
    this.upstream = { address: "127.0.0.1", port };
  }

  /** Waits for the emulator to be up and takes the operators' sessions. */
  async prepare(operators: Operator[], patienceMs = 60_000): Promise<void> {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      try {
        for (const { account } of operators) this.keys.set(account, await this.takeSession(account));
        return;
      } catch (error) {
        if (Date.now() > giveUpAt) throw error;
        if (!messageOf(error).includes("ECONNREFUSED")) throw error;
        await sleep(50);
      }
    }
  }

  /** @param call a request that has been judged already; `headers.authorization` names service and region */
  call(call: EmulatorCall): Promise<WholeAnswer> {
    const { account, headers, ...message } = call;
    const key = this.keys.get(account) ?? "";
    const authorization = String(headers.authorization ?? "").replace(/Credential=[^/]+/, `Credential=${key}`);
    return exchange(this.upstream, {
      ...message,
      // Also by header, since a call that takes no key (an unknown user) would land in the emulator's own account.
      headers: { ...headers, authorization, "x-moto-account-id": account },
    });
  }

  private async takeSession(account: string): Promise<string> {
    const form = {
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: operatorRole(account),
      RoleSessionName: "biplane",
      DurationSeconds: "43200",
    };
    const made = await this.call({
      account,
      method: "POST",
      target: "/",
      headers: {
        host: "sts.amazonaws.com",
        authorization: authorizationFor("sts", "us-east-1"),
        "content-type": "application/x-www-form-urlencoded",
      },
      body: Buffer.from(new URLSearchParams(form).toString()),
    });
    const key = keyIn(made);
    if (!key) throw new Error(`the emulator gave no session in ${account}: ${made.status} ${made.body}`);
    return key;
  }
}

/** A header that names service and region; the emulator reads nothing else of it. */
export function authorizationFor(service: string, region: string): string {
  return `AWS4-HMAC-SHA256 Credential=none/20000101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`;
}

function keyIn(answer: WholeAnswer): string | undefined {
  return /<AccessKeyId>([^<]+)<\/AccessKeyId>/.exec(answer.body.toString())?.[1];
}
