/** Run by tcp-probe.ts inside a namespace. Standard input: targets as JSON; standard output: outcomes, in order. */
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import type { Outcome, Target } from "./tcp-probe.ts";

const timeoutMs = 2_000;
const atOnce = 500;

function dial({ address, port }: Target): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const settle = (outcome: Outcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once("connect", () => settle("connected"));
    socket.once("timeout", () => settle("timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") settle("refused");
      else if (error.code === "ETIMEDOUT") settle("timeout");
      else if (error.code === "EHOSTUNREACH" || error.code === "ENETUNREACH") settle("unreachable");
      else reject(error);
    });
  });
}

const targets = (await json(process.stdin)) as Target[];
const outcomes: Outcome[] = [];
for (let next = 0; next < targets.length; next += atOnce) {
  outcomes.push(...(await Promise.all(targets.slice(next, next + atOnce).map(dial))));
}
process.stdout.write(JSON.stringify(outcomes));
