import type { Listed } from "./prove.ts";

/**
 * What rightly turns besides on a plane that has more than the good one: apps, measures, roles of more accounts. Seen by
 * `verify prove` on planes with every part of the toolchain.
 */
export const onRicherPlanes: Listed = {
  // The first of the namespaces can be that of what serves apps or keeps measures, and these ask for its walls too.
  "NS-04": { "the deny covers incoming traffic only": ["APP-01", "MET-01"] },
  // The role can be one of an account whose rights are listed one by one.
  "RBAC-02": { "the last role gains a rule on every secret": ["RBAC-05"], "a verb becomes *": ["RBAC-05"] },
  // Who dials in past the tunnel is let in, whatever is behind.
  "APP-01": { "the gateway is open to the internet by a load balancer": ["VND-03"] },
  "MET-01": {
    "a second Service opens it to the internet by a load balancer": ["VND-03"],
    "its Service takes an address from outside": ["VND-03"],
  },
};
