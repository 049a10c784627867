/** Run by beside.ts inside a host's network: passes what comes to a socket in the file system on to ADDRESS PORT. */
import { connect, createServer } from "node:net";

const [path = "", address = "", port = ""] = process.argv.slice(2);
const server = createServer((near) => {
  // What comes from the socket is passed on at once, not kept until what was sent before is acknowledged.
  const far = connect(Number(port), address).setNoDelay();
  near.pipe(far).pipe(near);
  for (const socket of [near, far]) {
    // Each end hears of the other by its close.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      near.destroy();
      far.destroy();
    });
  }
});
server.listen(path, () => process.send?.("listening"));
process.once("disconnect", () => process.exit(0));
