/** What the keeper remembers, per account, region and kind of thing: in memory, and in a file that outlives the front. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined };
export type Fields = { [name: string]: Json | undefined };

/** Names that lead to a record, outermost first: a cluster, then an add-on of it. */
type Key = readonly [string, ...string[]];

/** No name or ARN of AWS holds it. */
const separator = " ";

export class Store {
  private readonly file: string;
  /** Account, region and kind → key → record. */
  private readonly kinds: Record<string, Record<string, Fields>>;

  constructor(file: string) {
    this.file = file;
    this.kinds = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as typeof this.kinds) : {};
  }

  /** @param kind such as `eks/addon` */
  records(account: string, region: string, kind: string): Records {
    const place = [account, region, kind].join("/");
    const held = () => this.kinds[place] ?? {};
    const keep = (records: Record<string, Fields>) => {
      this.kinds[place] = records;
      this.write();
    };
    return {
      get: (...key) => held()[key.join(separator)],
      set: (key, record) => keep({ ...held(), [key.join(separator)]: record }),
      under: (...key) => Object.entries(held()).flatMap(([name, record]) => (isUnder(key, name) ? [record] : [])),
      remove: (...key) => keep(Object.fromEntries(Object.entries(held()).filter(([name]) => !isUnder(key, name)))),
    };
  }

  /** By renaming, so that a front killed in the middle leaves the file whole. */
  private write(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.new`, JSON.stringify(this.kinds), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}

/** Of one kind, in one account and region. */
export interface Records {
  get(...key: Key): Fields | undefined;
  set(key: Key, record: Fields): void;
  /** Records whose key begins so, in the order in which they were first kept; all without a key. */
  under(...key: string[]): Fields[];
  /** Removes the record and those under it. */
  remove(...key: Key): void;
}

function isUnder(key: readonly string[], name: string): boolean {
  const whole = key.join(separator);
  return whole === "" || name === whole || name.startsWith(`${whole}${separator}`);
}
