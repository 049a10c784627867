/** How commands show lists: as a plain table, or as JSON where a program reads. */
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import Table from "cli-table3";

/** Without colours and rules of the library's own. */
export function plainTable(head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

/** For a table; empty where there is none. */
export function timeText(at: Timestamp | undefined): string {
  return at ? timestampDate(at).toISOString() : "";
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
