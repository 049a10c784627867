/** Every place on disk that the local run uses: a cache that outlives `down`, and one state folder that does not. */
import { homedir } from "node:os";
import { join } from "node:path";

export interface Paths {
  /** Tools and images, keyed by content; kept by `down`. */
  cache: string;
  /** All that one local run writes; removed whole by `down`. */
  state: string;
  processes: string;
  logs: string;
  pki: string;
  /** Secrets for people and tests, mode 0600. */
  credentials: string;
  node(plane: string): string;
  cloud: string;
  stacks: string;
}

/** Source: BIPLANE_CACHE and BIPLANE_STATE, both absolute paths. */
export function paths(env: NodeJS.ProcessEnv = process.env): Paths {
  const cache = env.BIPLANE_CACHE ?? join(homedir(), ".cache", "biplane");
  const state = env.BIPLANE_STATE ?? "/var/tmp/biplane";
  return {
    cache,
    state,
    processes: join(state, "processes"),
    logs: join(state, "logs"),
    pki: join(state, "pki"),
    credentials: join(state, "credentials"),
    node: (plane) => join(state, "nodes", plane),
    cloud: join(state, "cloud"),
    stacks: join(state, "stacks"),
  };
}
