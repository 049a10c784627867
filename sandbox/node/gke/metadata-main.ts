/** The metadata server's process. Argument: its configuration file (config.ts). */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { google, metadataServer, names } from "../../hosts.ts";
import { clusterApi } from "./cluster-api.ts";
import type { MetadataConfig } from "./config.ts";
import { metadataAnswers } from "./metadata-server.ts";
import { podTokens } from "./pod-tokens.ts";

const { api } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as MetadataConfig;
const answers = metadataAnswers({
  project: google.project,
  pool: google.pool,
  ...podTokens(clusterApi(api), `https://${names.google}`, google.pool),
});
const server = createServer((request, response) => {
  const { remoteAddress = "" } = request.socket;
  answers(request.url ?? "/", request.headers, remoteAddress).then(
    ({ status, type, body }) => {
      response.writeHead(status, { "content-type": type, "metadata-flavor": "Google", server: "GKE Metadata Server" });
      response.end(body);
    },
    (error: unknown) => {
      process.stderr.write(`${new Date().toISOString()} ${remoteAddress} ${request.url}: ${error}\n`);
      response.writeHead(500, { "metadata-flavor": "Google" }).end();
    },
  );
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
server.listen(metadataServer.port, metadataServer.address);
