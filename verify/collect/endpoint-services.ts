/** Services that the account offers by PrivateLink: to whom, who is connected, and what lies behind. */
import {
  paginateDescribeVpcEndpointConnections,
  paginateDescribeVpcEndpointServiceConfigurations,
  paginateDescribeVpcEndpointServicePermissions,
  type ServiceConfiguration,
} from "@aws-sdk/client-ec2";
import { type LoadBalancer, paginateDescribeLoadBalancers } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { EndpointServiceFact } from "../facts-account.ts";
import type { AwsClients } from "./aws-clients.ts";

export async function readEndpointServices(clients: AwsClients): Promise<EndpointServiceFact[]> {
  const offered: ServiceConfiguration[] = [];
  for await (const page of paginateDescribeVpcEndpointServiceConfigurations({ client: clients.ec2 }, {})) {
    offered.push(...(page.ServiceConfigurations ?? []));
  }
  return Promise.all(offered.map((service) => readService(clients, service)));
}

async function readService({ ec2: client, balancers }: AwsClients, service: ServiceConfiguration) {
  const id = service.ServiceId ?? "";
  const principals: string[] = [];
  for await (const page of paginateDescribeVpcEndpointServicePermissions({ client }, { ServiceId: id })) {
    principals.push(...(page.AllowedPrincipals ?? []).flatMap(({ Principal }) => Principal ?? []));
  }
  const connections: EndpointServiceFact["connections"] = [];
  const Filters = [{ Name: "service-id", Values: [id] }];
  for await (const page of paginateDescribeVpcEndpointConnections({ client }, { Filters })) {
    for (const connection of page.VpcEndpointConnections ?? []) {
      const { VpcEndpointId: endpoint = "", VpcEndpointOwner: owner = "", VpcEndpointState: state = "" } = connection;
      connections.push({ endpoint, owner, state });
    }
  }
  const arns = [...(service.NetworkLoadBalancerArns ?? []), ...(service.GatewayLoadBalancerArns ?? [])];
  const behind: LoadBalancer[] = [];
  // Asked for none by name, it would answer all.
  for await (const page of arns.length > 0
    ? paginateDescribeLoadBalancers({ client: balancers }, { LoadBalancerArns: arns })
    : []) {
    behind.push(...(page.LoadBalancers ?? []));
  }
  return {
    id,
    state: service.ServiceState ?? "",
    acceptanceRequired: service.AcceptanceRequired === true,
    balancers: behind.map(({ LoadBalancerArn = "", Scheme = "" }) => ({
      arn: LoadBalancerArn,
      scheme: Scheme,
    })),
    principals,
    connections,
  };
}
