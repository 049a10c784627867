/** Objects in memory, for what a real API server cannot be asked to do: fail at a certain call, or lose a race. */
import type { Manifest } from "../../../../components/compute-plane/project-plan.ts";
import { type LiveObject, type Objects, titleOf } from "../objects.ts";

export interface FakeObjects extends Objects {
  /** By title. */
  live: Map<string, LiveObject>;
  /** Every write, in order: `apply Namespace x`. */
  writes: string[];
  /** Thrown by the next writes to that title. */
  fail: Map<string, Error>;
}

export function fakeObjects(): FakeObjects {
  let version = 0;
  const put = (manifest: Manifest) => {
    const metadata = { ...manifest.metadata, resourceVersion: String(++version) };
    fake.live.set(titleOf(manifest), structuredClone({ ...manifest, metadata }));
  };
  const write = (how: string, object: Manifest) => {
    const title = titleOf(object);
    fake.writes.push(`${how} ${title}`);
    const error = fake.fail.get(title);
    if (error) throw error;
  };
  const fake: FakeObjects = {
    live: new Map(),
    writes: [],
    fail: new Map(),
    read: async (manifest) => structuredClone(fake.live.get(titleOf(manifest))),
    async apply(manifest) {
      write("apply", manifest);
      put(manifest);
    },
    async change(live, change) {
      write("change", live);
      put(merged(live, change));
    },
  };
  return fake;
}

/** A JSON merge patch, as RFC 7396 has it. */
function merged<T extends object>(target: T, change: object): T {
  const result = { ...target };
  const before = new Map<string, unknown>(Object.entries(target));
  for (const [key, value] of Object.entries(change)) {
    const old = before.get(key);
    if (value === null) Reflect.deleteProperty(result, key);
    else Object.assign(result, { [key]: isFields(value) ? merged(isFields(old) ? old : {}, value) : value });
  }
  return result;
}

function isFields(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
