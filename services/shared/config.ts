/** Configuration of a service: environment variables through one zod shape, every problem at once. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { messageOf, UserError } from "../../shared/errors.ts";

/** @throws UserError (exit code 3) that lists every wrong or missing variable, without its value. */
export function readConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv = process.env,
): z.output<z.ZodObject<Shape>> {
  // An empty variable is how a manifest says "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const read = z.object(shape).safeParse(given);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    const name = issue.path.join(".");
    return given[name] === undefined ? `  ${name} is missing` : `  ${name}: ${issue.message}`;
  });
  throw new UserError(`the configuration is not usable; set these environment variables:\n${problems.join("\n")}`);
}

/** The name of a readable file, read at once. @returns its text without trailing white space. */
export const fileContent = z.string().transform((path, context) => {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch (error) {
    context.addIssue({ code: "custom", message: `cannot be read: ${messageOf(error)}` });
    return z.NEVER;
  }
});

/** A file with JSON of a known form. */
export function jsonFile<T extends z.ZodType>(schema: T) {
  return fileContent.transform((text, context): z.output<T> => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      context.addIssue({ code: "custom", message: `in ${path.join(".") || "the document"}: ${message}` });
    }
    return z.NEVER;
  });
}

/** 0 lets the system choose, which tests do. */
export const port = z.coerce.number().int().min(0).max(65_535);
export const httpUrl = z.url({ protocol: /^https?$/ });
/** A DNS label, as organisations, clusters, projects and domains are. */
export const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label: a-z, 0-9 and "-"');
export const hostName = z.string().regex(/^[a-z0-9.-]+(:\d+)?$/, "must be a bare host name, without scheme or path");

export interface ProjectDomain {
  project: string;
  domain: string;
}

/** `demo/development,other/production`: the projects and domains served. @returns by namespace, `<project>-<domain>` */
export const servedProjects = z.string().transform((list, context) => {
  const all = new Map<string, ProjectDomain>();
  for (const one of list.split(",")) {
    const [project, domain, ...rest] = one.split("/").map((part) => label.safeParse(part).data);
    if (!project || !domain || rest.length > 0) {
      context.addIssue({ code: "custom", message: "must be <project>/<domain>, with commas between" });
      return z.NEVER;
    }
    all.set(`${project}-${domain}`, { project, domain });
  }
  return all;
});

/** What every service takes. */
export const commonShape = {
  PORT: port.default(8080),
  HEALTH_PORT: port.default(9090),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  /** Where traces are told, by OTLP over HTTP. @default nowhere */
  TRACES_URL: httpUrl.optional(),
  /** Of those that begin here, how many. */
  TRACES_RATIO: z.coerce.number().min(0).max(1).default(0.1),
};

/** How services that serve users verify tokens. */
export const tokenShape = { TOKEN_ISSUER: httpUrl, TOKEN_KEYS_URL: httpUrl };

/** Of services in the region, which ask Identity what their callers may do. */
export const regionShape = { ...tokenShape, IDENTITY_URL: httpUrl };

export const databaseShape = {
  DATABASE_HOST: z.string(),
  DATABASE_PORT: port.default(5432),
  DATABASE_NAME: z.string(),
  DATABASE_USER: z.string(),
  DATABASE_PASSWORD_FILE: fileContent,
  /** Trusted beside nothing else; the default roots where it is not set. */
  DATABASE_CA_FILE: fileContent.optional(),
  // Whoever fires a trigger holds one connection while it looks up the author on another.
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).default(10),
};

export type DatabaseConfig = z.output<z.ZodObject<typeof databaseShape>>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Reported by the schema as a wrong type; the parser's own message would quote the text, which may be secret.
    return undefined;
  }
}
