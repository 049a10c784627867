/** How often a property is tried: five times as often by `./biplane test --long`. */
export const runs = (count: number) => ({ numRuns: process.env.BIPLANE_LONG === "1" ? 5 * count : count });
