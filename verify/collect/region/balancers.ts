import {
  ElasticLoadBalancingV2Client,
  type Listener,
  type LoadBalancer,
  paginateDescribeListeners,
  paginateDescribeLoadBalancers,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { BalancerFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

export async function readBalancers(config: ReturnType<typeof clientConfig>): Promise<BalancerFact[]> {
  const client = new ElasticLoadBalancingV2Client(config);
  const balancers: LoadBalancer[] = [];
  for await (const page of paginateDescribeLoadBalancers({ client }, {})) balancers.push(...(page.LoadBalancers ?? []));
  return Promise.all(balancers.map((balancer) => describe(client, balancer)));
}

async function describe(client: ElasticLoadBalancingV2Client, balancer: LoadBalancer): Promise<BalancerFact> {
  const listeners: Listener[] = [];
  const LoadBalancerArn = balancer.LoadBalancerArn ?? "";
  for await (const page of paginateDescribeListeners({ client }, { LoadBalancerArn }))
    listeners.push(...(page.Listeners ?? []));
  return {
    arn: LoadBalancerArn,
    name: balancer.LoadBalancerName ?? "",
    vpcId: balancer.VpcId ?? "",
    internal: balancer.Scheme === "internal",
    zones: (balancer.AvailabilityZones ?? []).map(({ ZoneName }) => ZoneName ?? ""),
    securityGroupIds: balancer.SecurityGroups ?? [],
    listeners: listeners.map(({ Port, Protocol, SslPolicy }) => ({
      port: Port ?? 0,
      protocol: Protocol ?? "",
      ...(SslPolicy ? { policy: SslPolicy } : {}),
    })),
  };
}
