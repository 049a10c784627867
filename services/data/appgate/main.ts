import { upstream } from "../../shared/client.ts";
import { hostName, httpUrl, port } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { startGate } from "./gate.ts";

await runService({
  name: "app-gate",
  shape: {
    TUNNEL_URL: httpUrl,
    CONTROL_PLANE_HOST: hostName,
    /** Apps are served at `<app>-<project>-<domain>.<this>`. */
    APPS_DOMAIN: hostName,
    /** Of the serving gateway, within the cluster. */
    SERVING_GATEWAY_URL: httpUrl,
    /** On loopback: the connector of the same pod brings what comes. */
    GATE_PORT: port,
  },
  async parts({ config, log, tls }) {
    const region = upstream(config.TUNNEL_URL, tls);
    const gate = await startGate({
      region: region.transport,
      controlPlaneHost: config.CONTROL_PLANE_HOST,
      appsDomain: config.APPS_DOMAIN,
      gateway: new URL(config.SERVING_GATEWAY_URL),
      port: config.GATE_PORT,
      log,
    });
    return {
      async close() {
        await gate.close(10_000);
        region.close();
      },
    };
  },
});
