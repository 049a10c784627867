/** EC2: connections of endpoints to the services that accounts offer; the emulator lets every endpoint in at once. */
import { form, type KeptCall, type Operation, text } from "./operation.ts";
import type { Fields, Records } from "./store.ts";

const kind = "ec2/endpoint-connection";
const service = "ec2";

export const endpointConnections: readonly Operation[] = [
  form(service, "CreateVpcEndpoint", async (call) => {
    const passed = await call.pass();
    const endpointId = /<vpcEndpointId>([^<]+)</.exec(passed.body.toString())?.[1];
    const serviceId = /\.(vpce-svc-[0-9a-f]+)$/.exec(String(call.input.ServiceName))?.[1];
    if (passed.ok && endpointId && serviceId) {
      shared(call).set([serviceId, endpointId], {
        serviceId,
        vpcEndpointId: endpointId,
        vpcEndpointOwner: call.account,
        vpcEndpointState: "pendingAcceptance",
        creationTimestamp: new Date().toISOString(),
      });
    }
    return { passed };
  }),

  form(service, "DeleteVpcEndpoints", async (call) => {
    const passed = await call.pass();
    for (const endpointId of listed(call, "VpcEndpointId")) {
      const gone = all(call).filter((held) => held.vpcEndpointId === endpointId);
      for (const { serviceId } of gone) shared(call).remove(String(serviceId), endpointId);
    }
    return { passed };
  }),

  form(service, "AcceptVpcEndpointConnections", async (call) => decide(call, "available")),
  form(service, "RejectVpcEndpointConnections", async (call) => decide(call, "rejected")),

  form(service, "DescribeVpcEndpointConnections", async (call) => {
    const wanted = filters(call);
    const names: Record<string, string> = {
      "service-id": "serviceId",
      "vpc-endpoint-id": "vpcEndpointId",
      "vpc-endpoint-owner": "vpcEndpointOwner",
      "vpc-endpoint-state": "vpcEndpointState",
    };
    const seen = all(call).filter((held) =>
      wanted.every(({ name, values }) => values.includes(String(held[names[name] ?? ""]))),
    );
    return { vpcEndpointConnectionSet: { item: seen } };
  }),
];

/** Endpoint and service belong to two accounts, so neither of them keeps the connection. */
function shared(call: KeptCall): Records {
  return call.recordsOf("between accounts", kind);
}

function all(call: KeptCall): Fields[] {
  return shared(call).under();
}

function decide(call: KeptCall, vpcEndpointState: string): Fields {
  const serviceId = text(call.input.ServiceId, "ServiceId");
  const item: Fields[] = [];
  for (const endpointId of listed(call, "VpcEndpointId")) {
    const held = shared(call).get(serviceId, endpointId);
    if (held) shared(call).set([serviceId, endpointId], { ...held, vpcEndpointState });
    else {
      const message = `No endpoint ${endpointId} asked for ${serviceId}.`;
      item.push({ resourceId: endpointId, error: { code: "InvalidVpcEndpointId.NotFound", message } });
    }
  }
  return { unsuccessful: { item } };
}

/** `VpcEndpointId.1`, `VpcEndpointId.2`, … */
function listed(call: KeptCall, name: string): string[] {
  return Object.entries(call.input).flatMap(([field, value]) =>
    new RegExp(`^${name}\\.\\d+$`).test(field) ? [String(value)] : [],
  );
}

/** `Filter.1.Name`, `Filter.1.Value.1`, … */
function filters(call: KeptCall): { name: string; values: string[] }[] {
  return Object.entries(call.input).flatMap(([field, name]) => {
    const at = /^Filter\.(\d+)\.Name$/.exec(field)?.[1];
    return at ? [{ name: String(name), values: listed(call, `Filter\\.${at}\\.Value`) }] : [];
  });
}
