/** The table of devices that wait to be signed in: every statement about it. */
import type { Database } from "../../shared/postgres.ts";
import type { Person } from "./membership.ts";
import { deviceInterval, deviceLifetime } from "./session-rules.ts";
import { beginSession, secretSetting } from "./sessions.ts";

/** What a device is told that nobody has signed in. RFC 8628 3.5. */
export type DeviceState = "authorization_pending" | "slow_down" | "access_denied" | "expired_token";

export interface DeviceStore {
  /** @returns false where the user code is another device's already. */
  add(deviceSha256: Buffer, userCodeSha256: Buffer): Promise<boolean>;
  /** Whether somebody can still decide about it. */
  waits(userCodeSha256: Buffer): Promise<boolean>;
  /** Each device once: a session of `person`, or the refusal. @returns whether this call decided. */
  decide(userCodeSha256: Buffer, person: Person, approved: boolean): Promise<boolean>;
  /** A device asks. @returns undefined for a code that nobody was given. */
  poll(deviceSha256: Buffer): Promise<DeviceState | undefined>;
}

/** A device that keeps to its interval must not be told off because one question came faster than the last. */
const toleranceSeconds = 1;

export function deviceStore(database: Database): DeviceStore {
  return {
    add: (deviceSha256, userCodeSha256) =>
      database.withSettings(secretSetting(deviceSha256), async (transaction) => {
        await transaction.query("delete from biplane.device_requests where expires_at < now()");
        const made = await transaction.query(
          `insert into biplane.device_requests (device_sha256, user_code_sha256, expires_at, interval_seconds)
           values ($1, $2, now() + make_interval(secs => $3), $4) on conflict do nothing returning 1`,
          [deviceSha256, userCodeSha256, deviceLifetime, deviceInterval],
        );
        return made.length === 1;
      }),
    waits: (userCodeSha256) =>
      database.withSettings(secretSetting(userCodeSha256), async (transaction) => {
        const found = await transaction.query(
          `select 1 from biplane.device_requests
           where user_code_sha256 = $1 and decided_at is null and expires_at > now()`,
          [userCodeSha256],
        );
        return found.length === 1;
      }),
    decide: (userCodeSha256, person, approved) =>
      database.withSettings({ ...secretSetting(userCodeSha256), "biplane.org": person.org }, async (transaction) => {
        const [decided] = await transaction.query<{ sha256: Buffer }>(
          `update biplane.device_requests set decided_at = now(), denied = not $2::boolean
             where user_code_sha256 = $1 and decided_at is null and expires_at > now()
             returning device_sha256 as sha256`,
          [userCodeSha256, approved],
        );
        if (decided && approved) {
          await beginSession(transaction, person, {
            kind: "device",
            sha256: decided.sha256,
            lifetimeSeconds: deviceLifetime,
          });
        }
        return decided !== undefined;
      }),
    poll: (deviceSha256) =>
      database.withSettings(secretSetting(deviceSha256), async (transaction) => {
        const [asked] = await transaction.query<{ state: DeviceState }>(
          `with before as (
             select device_sha256, polled_at > now() - make_interval(secs => interval_seconds - $2) as soon
             from biplane.device_requests where device_sha256 = $1 for update)
           update biplane.device_requests d
           set polled_at = now(), interval_seconds = interval_seconds + case when b.soon then $3 else 0 end
           from before b where d.device_sha256 = b.device_sha256
           returning case when denied then 'access_denied' when expires_at <= now() then 'expired_token'
             when b.soon then 'slow_down' else 'authorization_pending' end as state`,
          [deviceSha256, toleranceSeconds, deviceInterval],
        );
        return asked?.state;
      }),
  };
}
