/** Services of the compute plane that believe another time: all that JavaScript knows of it, in their real pods. */
import { kubectl, platform } from "./kubectl.ts";

/** @param seconds ahead; negative for a clock that is behind. @returns what gives them the right time again */
export async function clockOff(services: readonly string[], seconds: number): Promise<() => Promise<void>> {
  const program = `const Real = Date, off = ${seconds * 1_000};
    globalThis.Date = class extends Real {
      constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
      static now() { return Real.now() + off; }
    };`;
  const set = async (value: string) => {
    const which = services.map((service) => `deployment/${service}`);
    await kubectl("customer", "set", "env", ...which, "--namespace", platform.customer, `NODE_OPTIONS${value}`);
    for (const each of which)
      await kubectl("customer", "rollout", "status", each, "--namespace", platform.customer, "--timeout=120s");
  };
  await set(`=--import=data:text/javascript;base64,${Buffer.from(program).toString("base64")}`);
  return () => set("-");
}
