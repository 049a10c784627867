/** How commands show lists: as a plain table, or as JSON where a program reads. */
import Table from "cli-table3";

/** Without colours and rules of the library's own. */
export function plainTable(head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
