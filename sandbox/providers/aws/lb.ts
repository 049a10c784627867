/** Elastic Load Balancing: configuration only. The way in of the local run is the edge. */
import type { TargetGroup as SeenTargets } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ListenerArgs } from "@pulumi/aws/lb/listener.js";
import type { LoadBalancerArgs } from "@pulumi/aws/lb/loadBalancer.js";
import type { TargetGroupArgs } from "@pulumi/aws/lb/targetGroup.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, type Tags, toTags } from "./helpers.ts";

export const lbTypes = (cloud: Cloud): Types => ({
  "aws:lb/loadBalancer:LoadBalancer": define<Plain<LoadBalancerArgs>>({
    named: { property: "name", max: 32 },
    defaults: { loadBalancerType: "application", internal: false },
    replaceOn: ["name", "internal", "loadBalancerType"],
    async create(inputs) {
      const lb = await cloud.lb();
      const { LoadBalancers } = await lb.createLoadBalancer({
        Name: inputs.name,
        Type: inputs.loadBalancerType as "network",
        Scheme: inputs.internal ? "internal" : "internet-facing",
        Subnets: inputs.subnets,
        SecurityGroups: inputs.securityGroups,
        Tags: tagsOrNone(inputs.tags),
      });
      const arn = need(LoadBalancers?.[0]?.LoadBalancerArn, "the load balancer's ARN");
      return finish(arn, () => setBalancer(cloud, arn, inputs));
    },
    async read(id, _call, last) {
      const lb = await cloud.lb();
      const held = (await ifThere(lb.describeLoadBalancers({ LoadBalancerArns: [id] })))?.LoadBalancers?.[0];
      if (!held) return undefined;
      const { Attributes = [] } = await lb.describeLoadBalancerAttributes({ LoadBalancerArn: id });
      const flag = (key: string) => Attributes.find(({ Key }) => Key === key)?.Value === "true";
      const inputs = {
        name: held.LoadBalancerName,
        loadBalancerType: held.Type,
        internal: held.Scheme === "internal",
        subnets: held.AvailabilityZones?.map(({ SubnetId }) => SubnetId),
        securityGroups: held.SecurityGroups,
        enableCrossZoneLoadBalancing: flag("load_balancing.cross_zone.enabled"),
        enableDeletionProtection: flag("deletion_protection.enabled"),
        // The emulator takes it and does not answer it.
        enforceSecurityGroupInboundRulesOnPrivateLinkTraffic:
          held.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic ??
          last.enforceSecurityGroupInboundRulesOnPrivateLinkTraffic,
        ...(await tagsOf(cloud, id)),
      };
      const outputs = { arn: id, dnsName: held.DNSName, zoneId: held.CanonicalHostedZoneId, vpcId: held.VpcId };
      return { inputs: properties(inputs), outputs: properties(outputs) };
    },
    async update(id, inputs, _call, olds) {
      await setBalancer(cloud, id, inputs);
      await retag(cloud, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.lb()).deleteLoadBalancer({ LoadBalancerArn: id }));
    },
    async find({ name = "" }) {
      const found = await ifThere((await cloud.lb()).describeLoadBalancers({ Names: [name] }));
      return found?.LoadBalancers?.[0]?.LoadBalancerArn;
    },
  }),

  "aws:lb/targetGroup:TargetGroup": define<Plain<TargetGroupArgs>>({
    named: { property: "name", max: 32 },
    replaceOn: ["name", "port", "protocol", "targetType", "vpcId"],
    async create(inputs) {
      const { TargetGroups } = await (await cloud.lb()).createTargetGroup({
        Name: inputs.name,
        Port: inputs.port,
        Protocol: inputs.protocol as "TCP",
        TargetType: inputs.targetType as "instance",
        VpcId: inputs.vpcId,
        ...healthCheck(inputs),
        Tags: tagsOrNone(inputs.tags),
      });
      const arn = need(TargetGroups?.[0]?.TargetGroupArn, "the target group's ARN");
      return finish(arn, () => setTargets(cloud, arn, inputs));
    },
    async read(id, _call, last) {
      const lb = await cloud.lb();
      const held = (await ifThere(lb.describeTargetGroups({ TargetGroupArns: [id] })))?.TargetGroups?.[0];
      if (!held) return undefined;
      const { Attributes = [] } = await lb.describeTargetGroupAttributes({ TargetGroupArn: id });
      const attribute = (key: string) => Attributes.find(({ Key }) => Key === key)?.Value;
      const delay = attribute("deregistration_delay.timeout_seconds");
      const inputs = {
        name: held.TargetGroupName,
        port: held.Port,
        protocol: held.Protocol,
        targetType: held.TargetType,
        vpcId: held.VpcId,
        healthCheck: seenHealthCheck(held, last.healthCheck as HealthCheck | undefined),
        targetHealthStates: attribute(unhealthyTermination) && [
          { enableUnhealthyConnectionTermination: attribute(unhealthyTermination) === "true" },
        ],
        preserveClientIp: attribute("preserve_client_ip.enabled"),
        deregistrationDelay: delay === undefined ? undefined : Number(delay),
        ...(await tagsOf(cloud, id)),
      };
      return { inputs: properties(inputs), outputs: { arn: id, arnSuffix: id.split(":").at(-1) } };
    },
    async update(id, inputs, _call, olds) {
      await (await cloud.lb()).modifyTargetGroup({ TargetGroupArn: id, ...healthCheck(inputs) });
      await setTargets(cloud, id, inputs);
      await retag(cloud, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.lb()).deleteTargetGroup({ TargetGroupArn: id }));
    },
    async find({ name = "" }) {
      return (await ifThere((await cloud.lb()).describeTargetGroups({ Names: [name] })))?.TargetGroups?.[0]
        ?.TargetGroupArn;
    },
  }),

  "aws:lb/listener:Listener": define<Plain<ListenerArgs>>({
    replaceOn: ["loadBalancerArn"],
    async create(inputs) {
      const { Listeners } = await (await cloud.lb()).createListener({
        LoadBalancerArn: inputs.loadBalancerArn,
        ...listening(inputs),
        Tags: tagsOrNone(inputs.tags),
      });
      const arn = need(Listeners?.[0]?.ListenerArn, "the listener's ARN");
      return finish(arn, () => setIdleTimeout(cloud, arn, inputs));
    },
    async read(id) {
      const held = (await ifThere((await cloud.lb()).describeListeners({ ListenerArns: [id] })))?.Listeners?.[0];
      if (!held) return undefined;
      const inputs = {
        loadBalancerArn: held.LoadBalancerArn,
        port: held.Port,
        protocol: held.Protocol,
        defaultActions: held.DefaultActions?.map(({ Type, TargetGroupArn }) => ({
          type: Type,
          targetGroupArn: TargetGroupArn,
        })),
        ...(await tagsOf(cloud, id)),
      };
      return { inputs: properties(inputs), outputs: { arn: id } };
    },
    async update(id, inputs, _call, olds) {
      await (await cloud.lb()).modifyListener({ ListenerArn: id, ...listening(inputs) });
      await setIdleTimeout(cloud, id, inputs);
      await retag(cloud, id, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.lb()).deleteListener({ ListenerArn: id }));
    },
    async find({ loadBalancerArn, port }) {
      const found = await ifThere((await cloud.lb()).describeListeners({ LoadBalancerArn: loadBalancerArn }));
      return found?.Listeners?.find((listener) => listener.Port === port)?.ListenerArn;
    },
  }),
});

type HealthCheck = NonNullable<Plain<TargetGroupArgs>["healthCheck"]>;

const unhealthyTermination = "target_health_state.unhealthy.connection_termination.enabled";

function healthCheck({ healthCheck = {} }: Plain<TargetGroupArgs>) {
  return {
    HealthCheckProtocol: healthCheck.protocol as "TCP",
    HealthCheckPort: healthCheck.port,
    HealthCheckIntervalSeconds: healthCheck.interval,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
  };
}

/** What the program does not say is the service's default, and no change. */
function seenHealthCheck(held: SeenTargets, last: HealthCheck = {}) {
  const said = (key: keyof HealthCheck, value: unknown) => (last[key] === undefined ? {} : { [key]: value });
  return {
    ...last,
    protocol: held.HealthCheckProtocol,
    port: held.HealthCheckPort,
    ...said("interval", held.HealthCheckIntervalSeconds),
    ...said("healthyThreshold", held.HealthyThresholdCount),
    ...said("unhealthyThreshold", held.UnhealthyThresholdCount),
  };
}

async function setBalancer(cloud: Cloud, LoadBalancerArn: string, inputs: Plain<LoadBalancerArgs>): Promise<void> {
  const Attributes = attributes({
    "load_balancing.cross_zone.enabled": inputs.enableCrossZoneLoadBalancing ?? false,
    "deletion_protection.enabled": inputs.enableDeletionProtection ?? false,
  });
  const lb = await cloud.lb();
  await lb.modifyLoadBalancerAttributes({ LoadBalancerArn, Attributes });
  const { securityGroups, enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: enforced } = inputs;
  if (securityGroups) {
    await lb.setSecurityGroups({
      LoadBalancerArn,
      SecurityGroups: securityGroups,
      EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: enforced as "off" | undefined,
    });
  }
  if (inputs.subnets) await lb.setSubnets({ LoadBalancerArn, Subnets: inputs.subnets });
}

async function setTargets(cloud: Cloud, TargetGroupArn: string, inputs: Plain<TargetGroupArgs>): Promise<void> {
  const Attributes = attributes({
    "preserve_client_ip.enabled": inputs.preserveClientIp,
    "deregistration_delay.timeout_seconds": inputs.deregistrationDelay,
    [unhealthyTermination]: inputs.targetHealthStates?.[0]?.enableUnhealthyConnectionTermination,
  });
  if (Attributes.length > 0) {
    await (await cloud.lb()).modifyTargetGroupAttributes({ TargetGroupArn, Attributes });
  }
}

async function setIdleTimeout(cloud: Cloud, ListenerArn: string, inputs: Plain<ListenerArgs>): Promise<void> {
  const Attributes = attributes({ "tcp.idle_timeout.seconds": inputs.tcpIdleTimeoutSeconds });
  if (Attributes.length > 0) await (await cloud.lb()).modifyListenerAttributes({ ListenerArn, Attributes });
}

function listening(inputs: Plain<ListenerArgs>) {
  return {
    Port: inputs.port,
    Protocol: inputs.protocol as "TCP",
    DefaultActions: inputs.defaultActions.map(({ type, targetGroupArn }) => ({
      Type: type as "forward",
      TargetGroupArn: targetGroupArn,
    })),
  };
}

function attributes(values: Record<string, string | number | boolean | undefined>) {
  return Object.entries(values).flatMap(([Key, value]) => (value === undefined ? [] : [{ Key, Value: String(value) }]));
}

/** The service refuses an empty list. */
function tagsOrNone(tags: Tags | undefined) {
  return tags && Object.keys(tags).length > 0 ? toTags(tags) : undefined;
}

async function tagsOf(cloud: Cloud, arn: string): Promise<{ tags?: Tags }> {
  const { TagDescriptions = [] } = await (await cloud.lb()).describeTags({ ResourceArns: [arn] });
  return fromTags(TagDescriptions[0]?.Tags);
}

async function retag(cloud: Cloud, arn: string, olds: Tags | undefined, news: Tags | undefined): Promise<void> {
  const lb = await cloud.lb();
  await changeTags(olds, news, {
    set: (tags) => lb.addTags({ ResourceArns: [arn], Tags: toTags(tags) }),
    remove: (TagKeys) => lb.removeTags({ ResourceArns: [arn], TagKeys }),
  });
}
