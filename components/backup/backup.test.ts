import { describe, expect, it } from "vitest";
import { type Recorded, type RecordOptions, recordResources } from "../testing/record-resources.ts";
import { Backups, type BackupsArgs } from "./aws.ts";
import { checkBackup, defaultSchedule, planDailySnapshot } from "./plan.ts";

const regions = { region: "us-east-2", copyRegion: "us-west-2" };

const build = (changes: Partial<BackupsArgs> = {}, options: RecordOptions = {}): Promise<Recorded> =>
  recordResources(
    () =>
      new Backups("region-backups", {
        ...regions,
        account: "111111111111",
        resources: ["arn:aws:rds:us-east-2:111111111111:db:region-db"],
        roleArn: "arn:role/backup",
        dataProtection: true,
        tags: { owner: "us" },
        ...changes,
      }),
    options,
  );

describe("Backups", () => {
  it("takes a snapshot of the named resources each day and copies it to the second region", async () => {
    const made = await build();
    expect(made.one("aws:backup/plan:Plan").inputs.rules).toEqual([
      {
        ruleName: "daily",
        schedule: "cron(30 6 * * ? *)",
        scheduleExpressionTimezone: "Etc/UTC",
        startWindow: 60,
        completionWindow: 360,
        enableContinuousBackup: false,
        lifecycle: { deleteAfter: 35 },
        targetVaultName: "region-backups",
        copyActions: [
          {
            destinationVaultArn: "arn:aws:backup:us-west-2:111111111111:backup-vault:region-backups-copy",
            lifecycle: { deleteAfter: 90 },
          },
        ],
        recoveryPointTags: { owner: "us" },
      },
    ]);
    expect(made.one("aws:backup/selection:Selection").inputs).toMatchObject({
      iamRoleArn: "arn:role/backup",
      resources: ["arn:aws:rds:us-east-2:111111111111:db:region-db"],
    });
  });

  it("leaves point-in-time recovery to its one owner, RDS", () => {
    expect(planDailySnapshot(defaultSchedule).enableContinuousBackup).toBe(false);
  });

  it("locks both vaults in governance mode, each under a key of its own region", async () => {
    const made = await build();
    for (const [name, region] of [
      ["region-backups", "us-east-2"],
      ["region-backups-copy", "us-west-2"],
    ] as const) {
      const vault = made.one("aws:backup/vault:Vault", name).inputs;
      expect(vault).toMatchObject({ region, kmsKeyArn: `arn:aws:kms:us-east-2:111111111111:key/${name}-key` });
      expect(made.one("aws:kms/key:Key", `${name}-key`).inputs).toMatchObject({ region, enableKeyRotation: true });
      const lock = made.one("aws:backup/vaultLockConfiguration:VaultLockConfiguration", name).inputs;
      expect(lock).toEqual({ backupVaultName: name, region, minRetentionDays: 7 });
    }
  });

  it("removes recovery points on destroy only without data protection", async () => {
    const forced = async (dataProtection: boolean) =>
      (await build({ dataProtection })).of("aws:backup/vault:Vault").map(({ inputs }) => inputs.forceDestroy);
    expect(await forced(true)).toEqual([false, false]);
    expect(await forced(false)).toEqual([true, true]);
  });

  it("shows the same resources in a first preview, under stable names", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, { preview: true }))).toEqual(names(await build()));
    expect([...new Set((await build()).all.map(({ name }) => name))].sort()).toEqual([
      "region-backups",
      "region-backups-copy",
      "region-backups-copy-key",
      "region-backups-key",
    ]);
  });
});

describe("checkBackup", () => {
  it("takes the defaults", () => {
    expect(() => checkBackup(regions, defaultSchedule)).not.toThrow();
  });

  it("refuses a second region that is the first", () => {
    const same = { region: "us-east-2", copyRegion: "us-east-2" };
    expect(() => checkBackup(same, defaultSchedule)).toThrow(/another region than us-east-2/);
  });

  it("refuses to carry data out of its area", () => {
    const abroad = { region: "eu-west-1", copyRegion: "us-west-2" };
    expect(() => checkBackup(abroad, defaultSchedule)).toThrow(/same area as eu-west-1/);
  });

  it.each([
    [{ retentionDays: 6 }, /the retention of backups is 6; .* from 7/],
    [{ copyRetentionDays: 1.5 }, /the retention of copied backups is 1.5/],
    [{ retentionDays: 36_501 }, /to 36500/],
    [{ dailyAt: "6:30" }, /hh:mm/],
    [{ dailyAt: "24:00" }, /hh:mm/],
  ])("refuses %j", (changes, reason) => {
    expect(() => checkBackup(regions, { ...defaultSchedule, ...changes })).toThrow(reason);
  });

  it("is asked by the component before anything is made", async () => {
    await expect(build({ copyRegion: "us-east-2" })).rejects.toThrow(/another region/);
  });
});
