/** What a plane's service shows the others, as it lies in its cluster: for calls in a service's stead. */
import type { Plane } from "../../sandbox/hosts.ts";
import type { ServiceTls } from "../../services/shared/service-tls.ts";
import { kubectl, platform } from "./kubectl.ts";

/** @param service that calls others or is called */
export async function serviceTls(plane: Plane, service: string): Promise<ServiceTls> {
  const asked = ["get", "secret", `${service}-service-tls`, "--namespace", platform[plane], "--output=json"];
  const { data } = JSON.parse(await kubectl(plane, ...asked)) as { data: Record<string, string> };
  const read = (file: string) => Buffer.from(data[file] ?? "", "base64").toString();
  return { cert: read("tls.crt"), key: read("tls.key"), ca: read("ca.crt") };
}

/** The services that may call one, as it is told. */
export async function callersOf(plane: Plane, service: string): Promise<string[]> {
  const path = `--output=jsonpath={.spec.template.spec.containers[0].env[?(@.name=="SERVICE_CALLERS")].value}`;
  const list = await kubectl(plane, "get", "deployment", service, "--namespace", platform[plane], path);
  return list.split(",").filter((name) => name !== "");
}

/** Of a service, in its certificate. */
export const hostOf = (plane: Plane, service: string) => `${service}.${platform[plane]}.svc.cluster.local`;
