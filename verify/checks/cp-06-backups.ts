import { defineRegionCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** RDS writes its log away every five minutes. */
const latestMinutes = 10;

export const automatedBackups = defineRegionCheck({
  id: "CP-06",
  title: "The database can be restored to ten minutes ago, and a plan takes it into vaults of two regions",
  severity: "high",
  claims: ["cp-automated-backups"],
  documented: [],
  fix: "Set backupRetentionPeriod and the backup plan by the region's stack; see docs/runbooks/restore-database.md.",
  needs: ["regionDatabases", "regionRecovery", "regionBackupPlans"],
  evaluate({ regionDatabases, regionRecovery, regionBackupPlans }, { region }) {
    return regionDatabases.flatMap(({ arn, identifier, backupRetentionDays }): Finding[] => {
      const recovery = regionRecovery.find((one) => one.identifier === identifier);
      const plan = regionBackupPlans.find(({ resources }) => resources.includes(arn));
      const elsewhere = plan?.rules.find(
        ({ schedule, copies }) => schedule && copies.some((to) => to.split(":")[3] !== region),
      );
      return [
        backupRetentionDays > 0 ? pass(arn, `kept for ${backupRetentionDays} days`) : fail(arn, "no automated backup"),
        !recovery || recovery.behindMinutes > latestMinutes
          ? fail(
              arn,
              `can be restored to ${recovery?.until ?? "no time"}, which is not the last ${latestMinutes} minutes`,
            )
          : pass(arn, `can be restored to ${recovery.until}`),
        elsewhere
          ? pass(
              arn,
              `plan ${plan?.name}: ${elsewhere.schedule} into ${elsewhere.vault} and ${elsewhere.copies.join(", ")}`,
            )
          : fail(arn, "no scheduled plan takes it and copies it to another region"),
      ];
    });
  },
  sabotages: [
    {
      name: "the last database keeps no backups",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.backupRetentionDays = 0;
      },
    },
    {
      name: "backups stopped an hour ago",
      apply({ regionRecovery }) {
        const last = regionRecovery.at(-1);
        if (last) last.behindMinutes = 60;
      },
    },
    {
      name: "the plan takes something else",
      apply({ regionBackupPlans }) {
        for (const plan of regionBackupPlans) plan.resources = ["arn:aws:rds:us-east-2:111111111111:db:other"];
      },
    },
    {
      name: "copies stay beside the original",
      apply({ regionBackupPlans }, { region }) {
        for (const rule of regionBackupPlans.flatMap(({ rules }) => rules)) {
          rule.copies = rule.copies.map((arn) => arn.split(":").with(3, region).join(":"));
        }
      },
    },
  ],
});
