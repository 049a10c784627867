import { expect, it } from "vitest";
import { build, objects, podOf } from "./testing/built-stack.ts";
import { customerValues, regionValues } from "./testing/valid-config.ts";

const labels = { "app.kubernetes.io/name": "any" };
const scraper = { namespace: "monitoring", labels };
const collector = { namespace: "monitoring", labels, service: "otel" };

it.each([
  ["region", 8, regionValues],
  ["customer", 5, customerValues],
])(
  "every service of a %s is read by the scraper and tells the collector, and without them nobody",
  async (_shape, count, values) => {
    const [with_, without] = [await build(values({ scraper, collector })), await build(values())];
    const envOf = (built: typeof without) =>
      objects(built, "Deployment").map(
        (made) => podOf(made).containers[0]?.env.filter(({ name }) => name.startsWith("TRACES_")) ?? [],
      );
    const told = [
      { name: "TRACES_URL", value: "http://otel.monitoring.svc.cluster.local:4318/v1/traces" },
      { name: "TRACES_RATIO", value: "0.1" },
    ];
    expect(envOf(with_)).toEqual(Array.from({ length: count }, () => told));
    expect(envOf(without)).toEqual(Array.from({ length: count }, () => []));
    const open = (built: typeof without, port: number) =>
      objects(built, "NetworkPolicy").filter(({ inputs }) => JSON.stringify(inputs.spec).includes(`"port":${port}`));
    // The job of the migrations, which has a policy too, serves nobody.
    expect([open(with_, 9090).length, open(with_, 4318).length]).toEqual([count, count]);
    expect([open(without, 9090).length, open(without, 4318).length]).toEqual([0, 0]);
  },
);

it("refuses a scraper without labels, which would be every pod there, and more than every trace", async () => {
  await expect(build(regionValues({ scraper: { namespace: "monitoring", labels: {} } }))).rejects.toThrow(
    /at least one label/,
  );
  await expect(build(regionValues({ collector: { ...collector, ratio: 2 } }))).rejects.toThrow(/from 0 to 1/);
});
