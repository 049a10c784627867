/** What this process alone has seen of actions' present attempts. Lost with it, which lengthens a wait at most. */

interface Note {
  attempt: number;
  /** Milliseconds since 1970: first sight of a container that cannot start. */
  blockedSince?: number;
  /** The output folder could not be read when the attempt ended. */
  unread?: boolean;
}

/** By action, `namespace/name`, so that all of it goes with the action. */
export class Notes {
  readonly #notes = new Map<string, Note>();

  /** @returns since when the attempt's container has been unable to start: `now` at first sight. */
  blocked(action: string, attempt: number, now: number): number {
    const note = this.#of(action, attempt);
    note.blockedSince ??= now;
    return note.blockedSince;
  }

  /** It can start after all. */
  unblocked(action: string): void {
    delete this.#notes.get(action)?.blockedSince;
  }

  unread(action: string, attempt: number): void {
    this.#of(action, attempt).unread = true;
  }

  wasUnread(action: string, attempt: number): boolean {
    const note = this.#notes.get(action);
    return note?.attempt === attempt && note.unread === true;
  }

  forget(action: string): void {
    this.#notes.delete(action);
  }

  get size(): number {
    return this.#notes.size;
  }

  #of(action: string, attempt: number): Note {
    const present = this.#notes.get(action);
    if (present?.attempt === attempt) return present;
    const note = { attempt };
    this.#notes.set(action, note);
    return note;
  }
}
