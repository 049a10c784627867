/** Whoever waits for a key, woken by one LISTEN connection for the whole process. */
import { type Listener, type ListenOptions, listen } from "../../shared/listen.ts";
import { appsChannel, projectsChannel, queueChannel, runChannel } from "./notify.ts";

export interface Hub {
  /**
   * @param wake is called on each notification of the key, and whenever some may have been missed.
   * @returns what ends it.
   */
  subscribe(channel: string, key: string, wake: () => void): () => void;
  close(): Promise<void>;
}

/** Connects in the background, and again whenever the connection is lost; until then watches are slower, not wrong. */
export function openHub(options: Pick<ListenOptions, "connection" | "log">): Hub & Pick<Listener, "connected"> {
  const waiting = new Map<string, Set<() => void>>();
  const listener = listen({
    ...options,
    channels: [runChannel, queueChannel, projectsChannel, appsChannel],
    onNotice: (channel, key) => {
      for (const wake of [...(waiting.get(`${channel} ${key}`) ?? [])]) wake();
    },
    onConnected: () => {
      // What was sent while nobody listened is gone: everybody looks for themselves.
      for (const group of [...waiting.values()]) for (const wake of [...group]) wake();
    },
  });
  return {
    subscribe(channel, key, wake) {
      const name = `${channel} ${key}`;
      const group = waiting.get(name) ?? new Set();
      waiting.set(name, group.add(wake));
      return () => {
        group.delete(wake);
        if (group.size === 0 && waiting.get(name) === group) waiting.delete(name);
      };
    },
    connected: () => listener.connected(),
    close: () => listener.close(),
  };
}
