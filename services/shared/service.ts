/** The life of a service process: configuration, ports, readiness, and a drain on SIGTERM that loses no request. */
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { z } from "zod";
import about from "../../package.json" with { type: "json" };
import { messageOf, UserError } from "../../shared/errors.ts";
import { commonShape, readConfig } from "./config.ts";
import { startHealth } from "./health.ts";
import { answerError, type HttpHandler, pathOf } from "./http.ts";
import { createLogger, type Logger } from "./log.ts";
import { observed } from "./observed.ts";
import { startProcessMetrics } from "./process-metrics.ts";
import { redactText } from "./redact.ts";
import { type RpcParts, rpcHandlers } from "./rpc.ts";
import { type ServerOptions, startServer } from "./server.ts";
import { mutualOf, mutualTls, type ServiceTls, serviceTlsShape } from "./service-tls.ts";
import { openTraces } from "./traces.ts";

/** What makes one service different from another. */
export interface ServiceParts {
  rpc?: RpcParts;
  /** Every path that no RPC has; without it they are answered "unimplemented". Nothing listens where neither is given. */
  http?: HttpHandler;
  /** For callers from outside the plane. @default the plane's own services are served, as `ServicePlace` says */
  tls?: ServerOptions["tls"];
  /** Where `rpc` and `http` listen. @default PORT */
  port?: number;
  /** Throws with the reason while the service cannot do its work. */
  ready?: () => Promise<void>;
  /** Runs first when the service stops: whatever else accepts work. */
  drain?: () => void;
  /** Runs after the last request: pools, listeners, timers. */
  close?: () => Promise<void>;
}

export interface ServicePlace {
  name: string;
  port: number;
  healthPort: number;
  log: Logger;
  /** What it shows whoever connects, and which services of its plane may call it. @default in clear, to whoever comes */
  mutual?: { tls: ServiceTls; callers: readonly string[] } | undefined;
  /** Kubernetes takes an endpoint out a moment after SIGTERM; until then new requests still come. @default 500 */
  lingerMs?: number;
  /** Unary calls may finish, then streams are told to come again. @default 5000 */
  drainMs?: number;
}

export interface RunningService {
  /** 0 where it serves nobody. */
  port: number;
  healthPort: number;
  stop(): Promise<void>;
}

export async function startService(place: ServicePlace, parts: ServiceParts): Promise<RunningService> {
  const { name, log } = place;
  const shutdown = new AbortController();
  const rpc = parts.rpc && rpcHandlers(parts.rpc, log, shutdown.signal);
  // With a certificate of its parts' own it serves who is outside.
  const handler = observed({ server: name, callers: parts.tls ? "others" : "ours" }, (request, response) => {
    const chosen = rpc?.(pathOf(request)) ?? parts.http;
    if (chosen) return chosen(request, response);
    answerError(request, response, new ConnectError(`${name} does not serve this path`, Code.Unimplemented));
  });
  const served = {
    port: parts.port ?? place.port,
    handler,
    log,
    ...(parts.tls ? { tls: parts.tls } : fromServices(place)),
  };
  const server = rpc || parts.http ? await startServer(served) : undefined;
  let stopping = false;
  const ready = async () => {
    if (stopping) throw new Error("stopping");
    await parts.ready?.();
  };
  const health = await startHealth(place.healthPort, ready, place.mutual?.tls);
  const port = server?.port ?? 0;
  log.info("started", { port, healthPort: health.port });
  return {
    port,
    healthPort: health.port,
    async stop() {
      stopping = true;
      const drainMs = place.drainMs ?? 5_000;
      await sleep(place.lingerMs ?? 500);
      parts.drain?.();
      const closed = server?.close(drainMs + 2_000);
      const timer = setTimeout(
        () => shutdown.abort(new ConnectError(`${name} is restarting, try again`, Code.Unavailable)),
        drainMs,
      );
      await closed;
      clearTimeout(timer);
      shutdown.abort(new ConnectError(`${name} has stopped`, Code.Unavailable));
      await parts.close?.();
      await health.close();
      log.info("stopped");
    },
  };
}

function fromServices({ mutual }: ServicePlace): Pick<ServerOptions, "tls" | "callers"> {
  return mutual ? { tls: mutualTls(mutual.tls), callers: mutual.callers } : {};
}

export interface ServiceSpec<Shape extends z.ZodRawShape> {
  name: string;
  /** Beside the common PORT, HEALTH_PORT and LOG_LEVEL. */
  shape: Shape;
  parts(context: {
    config: z.output<z.ZodObject<Shape>>;
    log: Logger;
    /** What it shows to those that it calls. */
    tls: ServiceTls | undefined;
  }): Promise<ServiceParts> | ServiceParts;
}

/** The whole of a `main.ts`. Exits 3 on wrong configuration, 1 on an uncaught error, 0 after SIGTERM. */
export async function runService<Shape extends z.ZodRawShape>(spec: ServiceSpec<Shape>): Promise<void> {
  let log = createLogger(spec.name);
  const die = (error: unknown) => {
    if (error instanceof UserError) process.stderr.write(`${spec.name}: ${redactText(messageOf(error))}\n`);
    else log.error("fatal", { error });
    process.exit(error instanceof UserError ? error.exitCode : 1);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  const common = readConfig({ ...commonShape, ...serviceTlsShape });
  const config = readConfig(spec.shape);
  log = createLogger(spec.name, { level: common.LOG_LEVEL });
  const traces = common.TRACES_URL
    ? openTraces({
        url: common.TRACES_URL,
        ratio: common.TRACES_RATIO,
        service: spec.name,
        version: about.version,
        log,
      })
    : undefined;
  const mutual = mutualOf(common);
  startProcessMetrics(spec.name, mutual?.tls.cert);
  const place = { name: spec.name, port: common.PORT, healthPort: common.HEALTH_PORT, log, mutual };
  const running = await startService(place, await spec.parts({ config, log, tls: mutual?.tls }));
  const stop = () => {
    // A drain that hangs must not outlive the kubelet's patience of 30 s.
    setTimeout(() => die(new Error("the drain did not end")), 25_000).unref();
    running
      .stop()
      .then(() => traces?.close())
      .then(() => process.exit(0), die);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}
