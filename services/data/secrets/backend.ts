/** What keeps users' secrets: a port, so that rules are tested without a cluster or a cloud. */
import type { SecretRef } from "./secret.ts";

/** All that is told of a secret. */
export interface SecretRecord extends SecretRef {
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Another one with each value: two records with the same version have the same value. */
  version: string;
}

/** @throws BackendError where it cannot be reached or has no room; never with a value in its words. */
export interface SecretBackend {
  /** @returns false: the scope has one of that name. */
  create(ref: SecretRef, value: Uint8Array): Promise<boolean>;
  /** @returns false: there is none. */
  update(ref: SecretRef, value: Uint8Array): Promise<boolean>;
  /** @returns false: there was none. */
  remove(ref: SecretRef): Promise<boolean>;
  find(ref: SecretRef): Promise<SecretRecord | undefined>;
  /** All of the plane. */
  list(): Promise<SecretRecord[]>;
  /** For a task that is about to start. @returns undefined: that version is no more, so find it again. */
  read(record: SecretRecord): Promise<Uint8Array | undefined>;
}

export class BackendError extends Error {
  readonly reason: "unreachable" | "full" | "busy";

  constructor(reason: BackendError["reason"], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "BackendError";
    this.reason = reason;
  }
}
