/** Run by listen.ts inside a namespace: listens on ADDRESS PORT and hands the socket to its parent. */
import { createServer } from "node:net";

const [address = "", port = ""] = process.argv.slice(2);
const server = createServer();
server.listen(Number(port), address, () => {
  process.send?.("listening", server);
});
process.once("disconnect", () => process.exit(0));
