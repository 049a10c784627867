import { configDefaults, defineConfig } from "vitest/config";

const integration = "**/*.integration.test.ts";

/**
 * `unit`: beside the file, seconds, nothing of the machine. `planes`: against the local run that is up. `lifecycle`:
 * brings planes up and down itself, so one after the other and last.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{cli,components,policies,proto,sandbox,services,shared,stacks,verify}/**/*.test.ts"],
          exclude: [...configDefaults.exclude, integration],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: "planes",
          include: ["test/**/*.test.ts", `{sandbox,services,verify}/${integration}`],
          exclude: [...configDefaults.exclude, "test/lifecycle/**"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "lifecycle",
          include: ["test/lifecycle/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
