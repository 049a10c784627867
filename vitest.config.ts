import { configDefaults, defineConfig } from "vitest/config";

const integration = "**/*.integration.test.ts";
const database = "**/*.database.test.ts";
const planes = "**/*.planes.test.ts";
/** What users do, each file under names of its own. */
const visits = ["test/client/**/*.test.ts", "test/data/{by-kind,flow,task-metrics}.test.ts"];
/** Those of them that stop a service, or look at what the whole machine does. */
const alone = ["apps-reached", "many", "outage", "secrets", "ten-at-once", "thousand-children", "watchers"].map(
  (name) => `test/client/${name}.test.ts`,
);
const ownParts = ["test/kit/**/*.test.ts", "test/reason/**/*.test.ts"];

/**
 * A test against real parts has a second try, since they share two cores with all else that runs, and `./biplane test`
 * tells of each that needed it. None where it is asked what happens at length, and none for unit tests: of a property
 * another try would only draw other values.
 */
const retry = process.env.BIPLANE_LONG ? 0 : 1;

/**
 * `unit`: beside the file, seconds, nothing of the machine. `database`: beside the file, against a real Postgres that
 * the project starts. `integration`: against real parts, or commands, that each file starts for itself, two files at a time.
 * `visits`: against the local run that is up, two files at a time, as users who mind nobody. `planes`: against it too, one
 * file at a time, since they stop or measure what others use. `lifecycle`: brings planes up and down itself, so one after the other and
 * last.
 */
export default defineConfig({
  test: {
    // Vitest leaves one core to itself, which of two is half.
    maxWorkers: "100%",
    fsModuleCache: true,
    // What differs stands in the message itself, which is all that the summary of a run can tell.
    chaiConfig: { truncateThreshold: 1000 },
    projects: [
      {
        test: {
          name: "unit",
          include: ["{cli,components,policies,proto,sandbox,services,shared,stacks,verify}/**/*.test.ts"],
          exclude: [...configDefaults.exclude, integration, database, planes],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // Most of the time went into importing the same libraries for each file. So a file must leave nothing behind.
          isolate: false,
        },
      },
      {
        test: {
          name: "database",
          retry,
          include: [`{services,verify}/${database}`],
          globalSetup: "services/shared/testing/shared-postgres.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
        },
      },
      {
        test: {
          name: "integration",
          retry,
          include: [`{cli,sandbox,services,verify}/${integration}`, ...ownParts],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "visits",
          retry,
          include: visits,
          exclude: [...configDefaults.exclude, ...alone],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "planes",
          retry,
          include: [
            "test/{contract,data,isolation,network,tenancy,verify}/**/*.test.ts",
            ...alone,
            `{sandbox,services,verify}/${planes}`,
          ],
          exclude: [...configDefaults.exclude, ...visits.slice(1)],
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
