/**
 * What each program that ships needs, as data. All ship a container's lines whole, as its runtime wrote them, with the
 * line's own time, into a stream named as the file beneath the nodes' folder: that is what the log provider reads
 * (services/data/logs/log-store.ts), which asks not who shipped.
 */
import type { ShipperKind } from "./contract.ts";
import { renderFluentBit } from "./fluent-bit.ts";
import type { ShipperSettings } from "./settings.ts";
import { renderTelegraf } from "./telegraf.ts";

export interface Shipper {
  /** Files of its configuration, by name. */
  files(settings: ShipperSettings): Record<string, string>;
  /** @param folder where its files are */
  args(folder: string): string[];
  env: Readonly<Record<string, string>>;
  /** Calls beyond making streams and putting events, which it does before its first event. */
  alsoCalls: readonly ("logs:DescribeLogGroups" | "logs:DescribeLogStreams")[];
}

export const shippers: Record<ShipperKind, Shipper> = {
  "fluent-bit": {
    files: renderFluentBit,
    args: (folder) => ["--config", `${folder}/fluent-bit.conf`],
    env: {},
    alsoCalls: [],
  },
  telegraf: {
    files: renderTelegraf,
    args: (folder) => ["--config", `${folder}/telegraf.conf`],
    // What its client gives up, it takes for sent: so the client is to wait for the cloud for as long as that takes.
    env: { AWS_MAX_ATTEMPTS: "1000" },
    alsoCalls: ["logs:DescribeLogGroups", "logs:DescribeLogStreams"],
  },
};
