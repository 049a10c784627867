/**
 * What the way to an app costs: requests by its public name, through the edge, down the tunnel and past the gate, against the
 * same at the gateway's own address in its cluster, in turn in one run; and how long the first one takes while it has no pod.
 * The planes must be up with the part `apps`: `eval "$(./biplane env --shell)"`, then `node bench/apps.ts`.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plain } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { plainTable } from "../cli/print.ts";
import { network } from "../sandbox/hosts.ts";
import { deployApp, gatewayAddress, hostOf, place, replicasOf, served } from "../test/support/apps.ts";
import { wayTo } from "../test/support/beside.ts";
import { flyteSays } from "../test/support/client.ts";
import { environment } from "../test/support/local-run.ts";

const rounds = 5;
const requests = 400;
const connections = 8;
const name = `bench-${Date.now().toString(36)}`;
const host = hostOf(name);

if (!served) throw new Error("the planes serve no apps: ./biplane down, then ./biplane up --with apps");

const direct = await wayTo("customer", await gatewayAddress(), 80);
const kept = { keepAlive: true, maxSockets: connections };
const [publicAgent, plainAgent] = [new Agent(kept), new PlainAgent(kept)];
const ca = readFileSync(environment.caFile);
const authorization = `Bearer ${readFileSync(environment.apiKeyFile, "utf8").trim()}`;

/** A whole answer that is the app's own; anything else ends the bench. */
async function asked(sent: ClientRequest): Promise<void> {
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const body = await text(answer);
  if (answer.statusCode !== 200 || !body.startsWith("version 1")) throw new Error(`${answer.statusCode}: ${body}`);
}
const byName = () =>
  asked(
    request({
      ...{ host: network.hosts.edge.address, servername: host, ca, agent: publicAgent },
      headers: { host, authorization },
    }),
  );
const atGateway = () => asked(plain({ socketPath: direct.path, agent: plainAgent, headers: { host } }));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** @returns answers a second, over so many connections at once */
async function rate(ask: () => Promise<void>): Promise<number> {
  let left = requests;
  const one = async () => {
    while (left-- > 0) await ask();
  };
  return requests / ((await timed(() => Promise.all(Array.from({ length: connections }, one)))) / 1000);
}

async function until(met: () => Promise<boolean>, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await met())) {
    if (Date.now() > end) throw new Error(`it did not come to it in ${seconds} s`);
    await sleep(500);
  }
}

/** By every connection: each replica of the gateway learns of the app for itself. */
const answers = (ask: () => Promise<void>) => () =>
  Promise.all(Array.from({ length: connections * 4 }, ask)).then(
    () => true,
    () => false,
  );

const hasNoPod = async () => (await replicasOf(name)) === "0";

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const rows: [what: string, measured: string][] = [];
try {
  await deployApp(name, "1");
  await until(answers(byName), 180);
  await until(answers(atGateway), 60);
  await rate(byName);
  await rate(atGateway);
  const [through, near]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    through.push(await rate(byName));
    near.push(await rate(atGateway));
  }
  rows.push([`by its public name, ${connections} connections`, `${median(through).toFixed(0)} requests/s`]);
  rows.push(["  the same at the gateway in its cluster", `${median(near).toFixed(0)} requests/s`]);
  rows.push(["  ratio", (median(through) / median(near)).toFixed(2)]);
  const alone: number[] = [];
  for (let made = 0; made < 20; made++) alone.push(await timed(byName));
  const warm = median(alone);
  await until(hasNoPod, 300);
  const cold = await timed(byName);
  rows.push(["one warm request", `${warm.toFixed(1)} ms`]);
  rows.push([
    "the first one while it has no pod",
    `${(cold / 1000).toFixed(2)} s, ${(cold / warm).toFixed(0)} × a warm one`,
  ]);
} finally {
  direct.close();
  publicAgent.destroy();
  plainAgent.destroy();
  await flyteSays(["update", "app", "--deactivate", ...place, name], new RegExp(name));
  await flyteSays(["delete", "app", ...place, name], new RegExp(name));
}
const table = plainTable(["what", "measured"]);
table.push(...rows);
process.stdout.write(`${table.toString()}\n`);
