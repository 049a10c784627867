/** EC2: the emulator says of every region of AWS's that it is enabled; the local accounts have the two that they use. */
import { awsRegion, copyRegion } from "../../hosts.ts";
import { form, type Operation } from "./operation.ts";

const enabled = [awsRegion, copyRegion];

export const regions: readonly Operation[] = [
  form("ec2", "DescribeRegions", async (call) => {
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    const { "content-length": _, ...headers } = passed.headers;
    return { passed: { ...passed, headers, body: Buffer.from(withoutOthers(passed.body.toString())) } };
  }),
];

/** Of an answer that names regions, those that are enabled here. */
export function withoutOthers(xml: string): string {
  return xml.replace(/<item>\s*(?:<(\w+)>[^<]*<\/\1>\s*)*<\/item>/g, (item) =>
    enabled.includes(/<regionName>([^<]+)</.exec(item)?.[1] ?? "") ? item : "",
  );
}
