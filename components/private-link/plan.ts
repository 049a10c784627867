/** What PrivateLink to a cluster's API needs to know before anything is made; pure. */
import { refusal } from "../../shared/errors.ts";

/** AWS keeps the first four addresses of a subnet and the last one. */
const reserved = { first: 4, last: 1 };
/** The smallest and the largest subnet that may hold the cluster's interfaces: 11 and 27 addresses. */
const prefixes = { least: 27, most: 28 };

/**
 * Every address at which the cluster's API can be: all that AWS can give in its subnets. EKS moves its interfaces when
 * it scales, patches or upgrades a control plane, but never out of these subnets; the balancer's health checks say
 * which addresses answer now.
 * @param cidrs the subnets that the cluster was given for its own interfaces
 * @throws UserError for subnets that are too large to be listed
 */
export function planApiTargets(cidrs: string[]): string[] {
  if (cidrs.length < 2) {
    throw refusal({
      subject: "biplane:privateLink.clusterCidrs",
      value: cidrs,
      allowed: "the cluster's own subnets, in at least 2 zones",
    });
  }
  return cidrs.flatMap((cidr) => {
    const { base, prefix } = parse(cidr);
    const count = 2 ** (32 - prefix) - reserved.first - reserved.last;
    return Array.from({ length: count }, (_, at) => format(base + reserved.first + at));
  });
}

function parse(cidr: string): { base: number; prefix: number } {
  const [, address = "", length = ""] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(cidr) ?? [];
  const octets = address.split(".").map(Number);
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const prefix = Number(length);
  const small = prefix >= prefixes.least && prefix <= prefixes.most;
  if (!small || octets.some((octet) => octet > 255) || base % 2 ** (32 - prefix) !== 0) {
    throw refusal({
      subject: "biplane:privateLink.clusterCidrs",
      value: cidr,
      allowed: `IPv4 networks of /${prefixes.least} or /${prefixes.most} that hold the cluster's own interfaces and nothing else`,
      todo: "An existing cluster is moved into small subnets of its own by `aws eks update-cluster-config --resources-vpc-config subnetIds=…`, in place.",
    });
  }
  return { base, prefix };
}

function format(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

const principalPattern = /^arn:aws:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;

/**
 * @throws UserError unless each is one role or user: an account's root stands for everybody in it, `*` for the world
 */
export function checkPrincipals(principals: string[]): string[] {
  const wrong = principals.filter((arn, at) => !principalPattern.test(arn) || principals.indexOf(arn) !== at);
  if (wrong.length > 0 || principals.length === 0) {
    throw refusal({
      subject: "biplane:privateLink.principals",
      value: wrong.length > 0 ? wrong : principals,
      allowed: "exact ARNs of roles or users, each once, at least one; no account's root and no wildcard",
      todo: "Name the role that deploys the region: it makes the endpoint.",
    });
  }
  return principals;
}

/** @throws UserError for what is no endpoint's id. */
export function checkEndpoints(endpoints: string[]): string[] {
  const wrong = endpoints.filter((id, at) => !/^vpce-[0-9a-f]+$/.test(id) || endpoints.indexOf(id) !== at);
  if (wrong.length === 0) return endpoints;
  throw refusal({
    subject: "biplane:privateLink.acceptedEndpoints",
    value: wrong,
    allowed: "ids of endpoints, vpce-…, each once; the region's outputs name them",
  });
}

/** One customer's cluster, as its stack answers it. */
export interface ClusterLink {
  org: string;
  cluster: string;
  serviceName: string;
  /** Host name of the cluster's API, the one in its certificate. */
  apiHost: string;
}

/**
 * @param region the region's own: an endpoint and its service are in the same one
 * @throws UserError for a service elsewhere, a host that is none, and two links to one host or for one cluster
 */
export function checkLinks(links: ClusterLink[], region: string): ClusterLink[] {
  const service = new RegExp(`^com\\.amazonaws\\.vpce\\.${region}\\.vpce-svc-[0-9a-f]+$`);
  const host = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i;
  const seen = new Set<string>();
  for (const [at, { org, cluster, serviceName, apiHost }] of links.entries()) {
    const subject = `biplane:clusterLinks[${at}]`;
    if (!service.test(serviceName)) {
      const allowed = `an endpoint service of ${region}, com.amazonaws.vpce.${region}.vpce-svc-…`;
      throw refusal({ subject: `${subject}.serviceName`, value: serviceName, allowed });
    }
    if (!host.test(apiHost)) {
      throw refusal({ subject: `${subject}.apiHost`, value: apiHost, allowed: "the host name of the cluster's API" });
    }
    for (const key of [`host ${apiHost.toLowerCase()}`, `cluster ${org}/${cluster}`, `service ${serviceName}`]) {
      if (seen.has(key)) throw refusal({ subject, value: key, allowed: "each cluster, service and host once" });
      seen.add(key);
    }
  }
  return links;
}
