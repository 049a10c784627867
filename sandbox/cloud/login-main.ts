/** The identity provider's process: oidc-provider on loopback. Argument: its configuration file, mode 0600. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { JWK } from "oidc-provider";
import { type LoginConfig, openLogin } from "./login-provider.ts";
import { writePrivate } from "./secret-file.ts";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LoginConfig;
process.once("SIGTERM", () => process.exit(0));
openLogin(config, signingKey(config.keysFile)).listen(config.port, "127.0.0.1");

function signingKey(file: string): JWK {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writePrivate(file, JSON.stringify({ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "1" }));
  }
  return JSON.parse(readFileSync(file, "utf8")) as JWK;
}
