/** One logger: JSON lines on stdout, secrets taken out of every field and message. */
import { redact, redactText } from "./redact.ts";
import { servedRequest } from "./served-request.ts";

const levels = ["debug", "info", "warn", "error"] as const;
type LogLevel = (typeof levels)[number];
type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  /** @default "info" */
  level?: LogLevel;
  /** Receives one line without its end. @default standard output */
  write?: (line: string) => void;
}

export function createLogger(service: string, options: LoggerOptions = {}): Logger {
  const write = options.write ?? ((line) => void process.stdout.write(`${line}\n`));
  const lowest = levels.indexOf(options.level ?? "info");
  const build = (fixed: LogFields): Logger => {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (levels.indexOf(level) < lowest) return;
      const trace = servedRequest()?.trace;
      // Of one that is told, so that the line is found beside its spans.
      const found = trace?.sampled ? { traceId: trace.traceId } : {};
      const extra = redact({ ...found, ...fixed, ...fields }) as LogFields;
      write(JSON.stringify({ time: new Date().toISOString(), level, service, message: redactText(message), ...extra }));
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => build({ ...fixed, ...fields }),
    };
  };
  return build({});
}
