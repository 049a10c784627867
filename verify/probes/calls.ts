/** Every RPC that the platform's descriptions name, asked of the public endpoint without a word that it should trust. */
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import {
  create,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type DescService,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { signedIn } from "../collect/region/signed-in.ts";
import type { ProbedCall } from "../facts-probes.ts";
import type { ControlPlane } from "../target.ts";

const generated = join(import.meta.dirname, "../../gen");
const answerMs = 15_000;
const atOnce = 16;
/** As long as a service may take that is being started anew, which its neighbours tell as "unavailable". */
const patienceMs = 60_000;
/** Of the positive control: whoever is signed in may ask who they are. */
const whoAmI = "flyteidl2.auth.IdentityService/UserInfo";

type Credential = { kind: ProbedCall["credential"]; authorization?: string };

/**
 * @throws Error without somebody to sign in: that all are refused says nothing while nobody is let in. And where a service
 *   stays away, since whoever does not answer has refused nobody.
 */
export async function probeCalls(target: ControlPlane): Promise<ProbedCall[]> {
  const { transport, authorization } = await signedIn(target);
  const methods = (await allServices()).flatMap((service) => service.methods);
  const questions = [
    ...methods
      .filter((method) => nameOf(method) === whoAmI)
      .map((method) => ({ method, credential: { kind: "signed in", authorization } as const })),
    ...(await strangers(target.endpoint)).flatMap((credential) => methods.map((method) => ({ method, credential }))),
  ];
  const answers: ProbedCall[] = [];
  for (let at = 0; at < questions.length; at += atOnce) {
    const batch = questions.slice(at, at + atOnce);
    const asked = batch.map(({ method, credential }) => answered(() => ask(transport, method, credential)));
    answers.push(...(await Promise.all(asked)));
  }
  return answers;
}

/** All that is generated, so that no service is forgotten that comes later. */
async function allServices(): Promise<DescService[]> {
  const files = readdirSync(generated, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("_pb.js"));
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(join(generated, file)).href) as Promise<Record<string, unknown>>),
  );
  const found = modules.flatMap((module) => Object.values(module).filter(isService));
  return [...new Map(found.map((service) => [service.typeName, service])).values()];
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}

/** None, and what looks like one: each as near to a good one as somebody without a key can come. */
async function strangers(endpoint: string): Promise<Credential[]> {
  const { privateKey } = await generateKeyPair("ES256");
  const issuer = `https://${endpoint}`;
  const claims = { org: "acme", role: "admin", kind: "user" };
  const forged = await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256" })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject("probe")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(privateKey);
  const unsigned = new UnsecuredJWT(claims).setIssuer(issuer).setAudience(issuer).setSubject("probe");
  const basic = Buffer.from(`admin:${randomBytes(16).toString("hex")}`).toString("base64");
  return [
    { kind: "none" },
    { kind: "basic", authorization: `Basic ${basic}` },
    { kind: "unsigned token", authorization: `Bearer ${unsigned.setIssuedAt().setExpirationTime("5m").encode()}` },
    { kind: "a stranger's token", authorization: `Bearer ${forged}` },
  ];
}

/** @param pauseMs between two tries */
export async function answered(ask: () => Promise<ProbedCall>, withinMs = patienceMs, pauseMs = 1_000) {
  const end = Date.now() + withinMs;
  let answer = await ask();
  // A stream that stays open without a word is asked again once; what it is then is its answer.
  if (answer.code === Code[Code.DeadlineExceeded]) answer = await ask();
  while (answer.code === Code[Code.Unavailable]) {
    const { method, credential, told } = answer;
    if (Date.now() >= end)
      throw new Error(`${method} did not answer for ${withinMs / 1000} s, with credential ${credential}: ${told}`);
    await sleep(pauseMs);
    answer = await ask();
  }
  return answer;
}

async function ask(transport: Transport, method: DescMethod, { kind, authorization }: Credential): Promise<ProbedCall> {
  const headers = authorization ? { authorization } : {};
  const message = create(method.input);
  const done = new AbortController();
  const answer = (code: string, told: string) => ({ method: nameOf(method), credential: kind, code, told });
  try {
    if (isUnary(method)) {
      await transport.unary(method, done.signal, answerMs, headers, message);
    } else if (isStream(method)) {
      const messages = createAsyncIterable([message]);
      const stream = await transport.stream(method, done.signal, answerMs, headers, messages);
      await stream.message[Symbol.asyncIterator]().next();
    }
    return answer("Ok", "");
  } catch (error) {
    const { code, told } = whatWasAnswered(ConnectError.from(error));
    return answer(Code[code] ?? String(code), told);
  } finally {
    done.abort();
  }
}

/** What ended on this side, which alone has a cause, is nobody's answer: the service was away. */
export function whatWasAnswered({ code, rawMessage: told, cause }: ConnectError) {
  const ended = cause !== undefined && code !== Code.DeadlineExceeded;
  return { code: ended ? Code.Unavailable : code, told };
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";
const isStream = (method: DescMethod): method is DescMethodStreaming => method.methodKind !== "unary";

function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}
