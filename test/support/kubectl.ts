/** A plane's own `kubectl`, as the operator of its cluster holds it. */
import { execa } from "execa";
import type { Plane } from "../../sandbox/hosts.ts";
import { environment } from "./local-run.ts";

const env = { PATH: [...environment.toolPath, process.env.PATH].join(":") };

/** The namespace of a plane's own services. */
export const platform = { region: "union-cp", customer: "union" } as const;

export async function kubectl(plane: Plane, ...args: string[]): Promise<string> {
  const { stdout } = await execa("kubectl", ["--kubeconfig", environment.kubeconfigs[plane], ...args], {
    env,
    maxBuffer: 1 << 28,
  });
  return stdout;
}
