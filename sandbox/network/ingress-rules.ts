import { network } from "../hosts.ts";

/** Of a node's API server: what the machine, as the far end of PrivateLink, may open in the customer's network. */
export const apiServerPort = 6443;

/**
 * nftables rules for the customer's own namespace, as `nft -f` reads them. They replace earlier ones in one step.
 * Connections that the customer opened get their answers; of those opened from the bridge only the machine's to the API
 * server pass. Refused TCP is counted (counter `refused`), so that a probe can tell this wall from a port with no
 * listener. Inside the node (loopback, pods, Services) nothing is touched.
 */
export function customerIngressRules(port = apiServerPort): string {
  return `table inet biplane
delete table inet biplane
table inet biplane {
  counter refused {}

  chain from-bridge {
    ct state established,related accept
    ct state invalid drop
    meta l4proto tcp counter name refused reject with tcp reset
    counter drop
  }

  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname "eth0" ip saddr ${network.host} tcp dport ${port} accept
    iifname "eth0" jump from-bridge
  }

  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname "eth0" jump from-bridge
  }
}
`;
}
