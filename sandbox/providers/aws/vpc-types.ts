/** Everything around a VPC beside the VPC itself: ways out, logs, endpoints, names, targets. */
import type { Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { flowLogTypes } from "./ec2-flow-log.ts";
import { natTypes } from "./ec2-nat.ts";
import { attachmentTypes } from "./lb-attachment.ts";
import { dnsTypes } from "./route53.ts";
import { endpointTypes } from "./vpc-endpoint.ts";
import { endpointServiceTypes } from "./vpc-endpoint-service.ts";

export const vpcTypes = (cloud: Cloud): Types => ({
  ...natTypes(cloud),
  ...flowLogTypes(cloud),
  ...endpointTypes(cloud),
  ...endpointServiceTypes(cloud),
  ...dnsTypes(cloud),
  ...attachmentTypes(cloud),
});
