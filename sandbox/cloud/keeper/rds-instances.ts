/**
 * What the emulator makes up of an instance: a host that nobody answers on, and backups that nobody took. The local
 * database answers in the instance's place, and nothing is backed up here.
 */
import { names } from "../../hosts.ts";
import { ports } from "../addresses.ts";
import { form, type KeptCall, type Operation, type Passed } from "./operation.ts";

export const instances: readonly Operation[] = [
  form("rds", "DescribeDBInstances", async (call) => {
    return { passed: await edited(call, (xml) => withoutRestorableTime(withAddress(xml))) };
  }),
  form("rds", "DescribeDBSnapshots", async (call) => ({ passed: await edited(call, withoutAutomaticSnapshots) })),
];

async function edited(call: KeptCall, edit: (xml: string) => string): Promise<Passed> {
  const passed = await call.pass();
  if (!passed.ok) return passed;
  const { "content-length": _, ...headers } = passed.headers;
  return { ...passed, headers, body: Buffer.from(edit(passed.body.toString())) };
}

/** Also of a second instance: each is a database of the one server. */
export function withAddress(xml: string): string {
  return xml.replace(/<Endpoint>.*?<\/Endpoint>/gs, (endpoint) =>
    endpoint
      .replace(/<Address>[^<]*<\/Address>/, `<Address>${names.database}</Address>`)
      .replace(/<Port>[^<]*<\/Port>/, `<Port>${ports.database}</Port>`),
  );
}

export function withoutRestorableTime(xml: string): string {
  return xml.replace(/<LatestRestorableTime>[^<]*<\/LatestRestorableTime>|<LatestRestorableTime\/>/g, "");
}

export function withoutAutomaticSnapshots(xml: string): string {
  return xml.replace(/<DBSnapshot>.*?<\/DBSnapshot>/gs, (one) =>
    one.includes("<SnapshotType>automated</SnapshotType>") ? "" : one,
  );
}
