/**
 * The way into the emulator (moto). It tells accounts apart by access key, checks no signature, and makes up its own
 * keys, while the operators' keys are the object store's. So each account gets a session of a role `operator` in the
 * emulator, and a verified request goes on under that session's key id: it lands in the right account and
 * GetCallerIdentity names the session. A session, and no IAM user: the accounts hold no static key. The role is made where it
 * is missing, so that whoever reads who called (../trail/) finds it, and whom it trusts.
 */
import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../shared/errors.ts";
import { operatorName, operatorRole } from "../../hosts.ts";
import type { Operator } from "./config.ts";
import { exchange, type Upstream, type WholeAnswer } from "./upstream.ts";

export interface EmulatorCall {
  account: string;
  method: string;
  target: string;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

/** Who an operator is to the emulator, in its own words. */
export interface SessionIdentity {
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
  arn: string;
  /** `<the role's unique id>:<session>` */
  principalId: string;
}

interface OperatorSession extends SessionIdentity {
  accessKeyId: string;
}

export class Emulator {
  private readonly upstream: Upstream;
  /** Account → its operator's session in the emulator. */
  private readonly sessions = new Map<string, OperatorSession>();

  constructor(port: number) {
    this.upstream = { address: "127.0.0.1", port };
  }

  /** Waits for the emulator to be up and takes the operators' sessions. */
  async prepare(operators: Operator[], patienceMs = 60_000): Promise<void> {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      try {
        for (const { account } of operators) {
          await this.ensureRole(account);
          this.sessions.set(account, await this.takeSession(account));
        }
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
    const key = this.sessions.get(account)?.accessKeyId ?? "";
    const authorization = String(headers.authorization ?? "").replace(/Credential=[^/]+/, `Credential=${key}`);
    return exchange(this.upstream, {
      ...message,
      // Also by header, since a call that takes no key (an unknown user) would land in the emulator's own account.
      headers: { ...headers, authorization, "x-moto-account-id": account },
    });
  }

  /** @returns undefined for an account without an operator */
  identityOf(account: string): SessionIdentity | undefined {
    return this.sessions.get(account);
  }

  /** Without policies: what an operator may do, the front says. */
  private async ensureRole(account: string): Promise<void> {
    const trust = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole" };
    const made = await this.ask(account, "iam", {
      Action: "CreateRole",
      Version: "2010-05-08",
      RoleName: operatorName,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    });
    const there = made.body.toString().includes("EntityAlreadyExists");
    if (made.status >= 300 && !there)
      throw new Error(`the emulator made no role ${operatorName} in ${account}: ${made.status} ${made.body}`);
  }

  private async takeSession(account: string): Promise<OperatorSession> {
    const made = await this.ask(account, "sts", {
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: operatorRole(account),
      RoleSessionName: "biplane",
      DurationSeconds: "43200",
    });
    const [accessKeyId, arn, principalId] = ["AccessKeyId", "Arn", "AssumedRoleId"].map((name) => fieldOf(made, name));
    if (!accessKeyId || !arn || !principalId)
      throw new Error(`the emulator gave no session in ${account}: ${made.status} ${made.body}`);
    return { accessKeyId, arn, principalId };
  }

  /** In the emulator's own name, before there is a session. */
  private ask(account: string, service: string, form: Record<string, string>): Promise<WholeAnswer> {
    return this.call({
      account,
      method: "POST",
      target: "/",
      headers: {
        host: `${service}.amazonaws.com`,
        authorization: authorizationFor(service, "us-east-1"),
        "content-type": "application/x-www-form-urlencoded",
      },
      body: Buffer.from(new URLSearchParams(form).toString()),
    });
  }
}

/** A header that names service and region; the emulator reads nothing else of it. */
export function authorizationFor(service: string, region: string): string {
  return `AWS4-HMAC-SHA256 Credential=none/20000101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`;
}

const fieldOf = ({ body }: WholeAnswer, name: string) =>
  new RegExp(`<${name}>([^<]+)</${name}>`).exec(body.toString())?.[1];
