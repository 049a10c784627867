/**
 * Secret Manager, so far as the data plane calls it: secrets with their versions, in one file of mode 0600. Each call is
 * judged by the project's policy, by the names that conditions know.
 */
import { existsSync, readFileSync } from "node:fs";
import { projectNumber } from "../../providers/gcp/rows.ts";
import { writePrivate } from "../secret-file.ts";
import { json, problem, type Reply } from "./answers.ts";
import type { Asked } from "./rights.ts";

interface Version {
  /** Base64; none once it is destroyed. */
  data?: string;
  createTime: string;
}

interface Secret {
  createTime: string;
  replication: unknown;
  /** By their numbers, which begin with 1. */
  versions: Version[];
}

export interface SecretCall {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

/** As the path has it: what is done, to which secret, to which version. */
interface Place {
  project: string;
  id: string;
  does: "create" | "delete" | "add" | "access" | "destroy";
  version?: number;
}

const permission: Record<Place["does"], string> = {
  create: "secrets.create",
  delete: "secrets.delete",
  add: "versions.add",
  access: "versions.access",
  destroy: "versions.destroy",
};

export class Secrets {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** As they are listed: without a value. */
  list(): { name: string; createTime: string; replication: unknown }[] {
    return Object.entries(this.load()).map(([place, { createTime, replication }]) => {
      return { name: `projects/${projectNumber}/secrets/${place.split("/").at(-1)}`, createTime, replication };
    });
  }

  /** @param allowed IAM @returns undefined for a path that is none of its own */
  take(call: SecretCall, allowed: (asked: Omit<Asked, "principal">) => boolean): Reply | undefined {
    const place = placeOf(call);
    if (!place) return undefined;
    const { project, id, does, version } = place;
    const own = `projects/${projectNumber}/secrets/${id}${version === undefined ? "" : `/versions/${version}`}`;
    // To make one is asked of the project, before there is a name to judge.
    const name = does === "create" ? `projects/${project}` : own;
    const permissions = [`secretmanager.${permission[does]}`];
    if (!allowed({ permissions, policies: [`projects/${project}`], name })) {
      return problem(403, `Permission '${permissions}' denied for resource '${name}' (or it may not exist).`);
    }
    return this.perform(place, call);
  }

  private perform({ project, id, does, version = 0 }: Place, { body }: SecretCall): Reply {
    const all = this.load();
    const held = all[`${project}/${id}`];
    const name = `projects/${projectNumber}/secrets/${id}`;
    const createTime = new Date().toISOString();
    if (does === "create") {
      if (held) return problem(409, `Secret [${name}] already exists.`);
      this.save({ ...all, [`${project}/${id}`]: { createTime, replication: body.replication, versions: [] } });
      return json({ name, createTime, replication: body.replication });
    }
    if (!held) return problem(404, `Secret [${name}] not found.`);
    if (does === "delete") {
      const { [`${project}/${id}`]: _, ...others } = all;
      this.save(others);
      return json({});
    }
    if (does === "add") {
      const payload = typeof body.payload === "object" && body.payload !== null ? body.payload : {};
      const data = "data" in payload ? String(payload.data) : "";
      this.save({ ...all, [`${project}/${id}`]: { ...held, versions: [...held.versions, { data, createTime }] } });
      return json({ name: `${name}/versions/${held.versions.length + 1}`, createTime, state: "ENABLED" });
    }
    const found = held.versions[version - 1];
    if (!found) return problem(404, `Secret Version [${name}/versions/${version}] not found.`);
    if (found.data === undefined)
      return problem(400, `Secret Version [${name}/versions/${version}] is in DESTROYED state.`);
    if (does === "access") return json({ name: `${name}/versions/${version}`, payload: { data: found.data } });
    const versions = held.versions.with(version - 1, { createTime: found.createTime });
    this.save({ ...all, [`${project}/${id}`]: { ...held, versions } });
    return json({ name: `${name}/versions/${version}`, state: "DESTROYED" });
  }

  private load(): Record<string, Secret> {
    return existsSync(this.file) ? (JSON.parse(readFileSync(this.file, "utf8")) as Record<string, Secret>) : {};
  }

  private save(secrets: Record<string, Secret>): void {
    writePrivate(this.file, JSON.stringify(secrets));
  }
}

function placeOf({ method, path, query }: SecretCall): Place | undefined {
  const [, project, rest = ""] = /^\/v1\/projects\/([^/]+)\/secrets(.*)$/.exec(path) ?? [];
  if (!project) return undefined;
  const asked = query.get("secretId") ?? "";
  if (rest === "" && method === "POST" && /^[\w-]{1,255}$/.test(asked)) return { project, id: asked, does: "create" };
  const [, id, number, verb] = /^\/([\w-]{1,255})(?:\/versions\/(\d+))?(?::(\w+))?$/.exec(rest) ?? [];
  if (!id) return undefined;
  const version = number === undefined ? undefined : Number(number);
  if (version === undefined) {
    if (method === "DELETE" && !verb) return { project, id, does: "delete" };
    return method === "POST" && verb === "addVersion" ? { project, id, does: "add" } : undefined;
  }
  if (method === "GET" && verb === "access") return { project, id, does: "access", version };
  return method === "POST" && verb === "destroy" ? { project, id, does: "destroy", version } : undefined;
}
