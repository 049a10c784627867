/** Tunnels, their routes and what their connectors run with; the edge's own end of them is sandbox/edge/tunnels. */
import type { ZeroTrustTunnelCloudflaredArgs, ZeroTrustTunnelCloudflaredConfigArgs } from "@pulumi/cloudflare";
import type { Unwrap } from "@pulumi/pulumi";
import { define, type Package, properties, type Types } from "../machine/resource.ts";
import type { Properties } from "../machine/values.ts";
import { idOf, type ZoneStore } from "./zone.ts";

type TunnelInputs = Unwrap<ZeroTrustTunnelCloudflaredArgs> & object;
type ConfigInputs = Unwrap<ZeroTrustTunnelCloudflaredConfigArgs> & object;

const last = (id: string) => id.split("/").at(-1) ?? id;

export const tunnelTypes = (zone: ZoneStore): Types => ({
  "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": define<TunnelInputs>({
    required: ["accountId", "name"],
    replaceOn: ["accountId", "name", "configSrc"],
    async create(inputs) {
      const id = idOf(inputs.accountId, inputs.name);
      zone.put("tunnels", id, { ...zone.get("tunnels", id), ...properties(inputs) });
      zone.tokenOf(id);
      return id;
    },
    async read(id) {
      const { config: _, ...inputs } = zone.get("tunnels", last(id)) ?? {};
      return inputs.name === undefined ? undefined : { inputs, outputs: properties({ status: "inactive" }) };
    },
    async delete(id) {
      zone.remove("tunnels", id);
      zone.removeToken(id);
    },
  }),

  "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": define<ConfigInputs>({
    required: ["accountId", "tunnelId"],
    replaceOn: ["accountId", "tunnelId"],
    async create(inputs) {
      putConfig(zone, inputs);
      return inputs.tunnelId;
    },
    async read(id) {
      const { accountId, config } = zone.get("tunnels", last(id)) ?? {};
      if (config === undefined) return undefined;
      return { inputs: properties({ accountId, tunnelId: last(id), config }), outputs: properties({ version: 1 }) };
    },
    async update(_id, inputs) {
      putConfig(zone, inputs);
    },
    async delete(id) {
      const { config: _, ...tunnel } = zone.get("tunnels", id) ?? {};
      if (tunnel.name !== undefined) zone.put("tunnels", id, tunnel);
    },
  }),
});

function putConfig(zone: ZoneStore, { tunnelId, config }: ConfigInputs): void {
  const tunnel = zone.get("tunnels", tunnelId);
  if (!tunnel) throw new Error(`there is no tunnel ${tunnelId}`);
  zone.put("tunnels", tunnelId, { ...tunnel, ...properties({ config }) });
}

export const tunnelInvokes = (zone: ZoneStore): Package["invokes"] => ({
  async "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken"(args: Properties) {
    const tunnel = String(args.tunnelId);
    if (!zone.get("tunnels", tunnel)) throw new Error(`there is no tunnel ${tunnel}`);
    return { ...args, id: tunnel, token: zone.tokenOf(tunnel) };
  },
});
