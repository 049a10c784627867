import { copyOf } from "../copy.ts";

/** Made once for each target, and copied for whoever asks: what a test breaks is its own. Making takes twenty times as long. */
export function kept<Target, Made>(make: (target: Target) => Made, usual: Target): (target?: Target) => Made {
  const known = new Map<string, Made>();
  return (target = usual) => {
    const key = JSON.stringify(target);
    const made = known.get(key) ?? make(target);
    known.set(key, made);
    return copyOf(made);
  };
}
