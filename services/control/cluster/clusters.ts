/** The tables of registrations and clusters: every statement about them. */
import { type Bootstrap, sha256 } from "../../shared/bootstrap.ts";
import type { ClusterName, Presented } from "../../shared/cluster-identity.ts";
import type { Database, Transaction } from "../../shared/postgres.ts";

/** Heartbeats come every 10 s; a cluster that missed three is not given work. */
const unhealthyAfterSeconds = 30;
const healthy = `coalesce(heard_at > now() - interval '${unhealthyAfterSeconds} s' and connections > 0, false)`;

/** Of a row of `biplane.clusters`, with the serial number as $3. Until something was revoked, all that is signed is in use. */
const inUse = "(revoked_at is null or $3 = any(certificates))";

/** Several are in use at once while they are rotated; a caller who asks for more and more loses the oldest. */
const certificatesKept = 8;

export interface ClusterStore {
  /** Makes the declared registrations known. A changed token may be used again; an unchanged one stays used. */
  bootstrap(registrations: Bootstrap["registrations"]): Promise<void>;
  /**
   * Uses a one-time token and, in the same transaction, records what `sign` returns.
   * @returns undefined where the token is unknown, was revoked or was used by another key.
   */
  register<T extends CertificateRecord>(
    token: string,
    publicKey: Buffer,
    sign: (name: ClusterName) => Promise<T>,
  ): Promise<T | "key-refused" | undefined>;
  /**
   * Records a certificate for a new key. From now on that key may repeat the registration, which is how a cluster
   * that was cut off until its certificate ended comes back.
   *
   * @returns false where what it came with is out of use.
   */
  renew(came: Presented, publicKey: Buffer, certificate: CertificateRecord): Promise<boolean>;
  /** @returns false where the cluster is not registered, or what it came with is out of use. */
  heartbeat(came: Presented, version: string, connections: number): Promise<boolean>;
  inUse(came: Presented): Promise<boolean>;
  /** Puts all that the cluster holds out of use. @returns false where there is no such cluster. */
  revoke(name: ClusterName): Promise<boolean>;
  list(org: string): Promise<ClusterRow[]>;
  /** @returns undefined where no cluster of the organisation is healthy. */
  healthyCluster(org: string): Promise<string | undefined>;
}

export interface ClusterRow {
  cluster: string;
  version: string;
  connections: number;
  certificate_until: Date;
  heard_at: Date | null;
  /** Of a cluster that has not registered anew since. */
  revoked_at: Date | null;
  healthy: boolean;
}

interface CertificateRecord {
  serial: string;
  notAfter: Date;
}

export function clusterStore(database: Database): ClusterStore {
  return {
    async bootstrap(registrations) {
      for (const { org, cluster, tokenSha256 } of registrations) {
        await database.withOrg(org, (transaction) =>
          transaction.query(
            `insert into biplane.registrations as known (org, cluster, token_sha256) values ($1, $2, decode($3, 'hex'))
             on conflict (org, cluster) do update
             set token_sha256 = excluded.token_sha256, used_by = null, used_at = null, revoked_at = null
             where known.token_sha256 <> excluded.token_sha256`,
            [org, cluster, tokenSha256],
          ),
        );
      }
    },
    register(token, publicKey, sign) {
      const hash = sha256(token);
      return database.withSettings({ "biplane.registration": hash.toString("hex") }, async (transaction) => {
        const rows = await transaction.query<ClusterName>(
          "select org, cluster from biplane.registrations where token_sha256 = $1",
          [hash],
        );
        const name = rows[0];
        if (!name) return undefined;
        await transaction.query("select set_config('biplane.org', $1, true)", [name.org]);
        const used = await transaction.query<{ refused: boolean }>(
          `update biplane.registrations
           set used_by = case when $2 = any(refused_keys) then used_by else $2 end, used_at = coalesce(used_at, now())
           where token_sha256 = $1 and revoked_at is null and (used_by is null or used_by = $2)
           returning $2 = any(refused_keys) as refused`,
          [hash, sha256(publicKey)],
        );
        if (used.length !== 1) return undefined;
        if (used[0]?.refused) return "key-refused";
        const signed = await sign(name);
        await upsertCertificate(transaction, name, signed);
        return signed;
      });
    },
    renew: (came, publicKey, certificate) =>
      database.withOrg(came.org, async (transaction) => {
        // First, as in every writer: whoever revokes waits for this row, and then sees the certificate that was given.
        await transaction.query("select 1 from biplane.registrations where org = $1 and cluster = $2 for update", [
          came.org,
          came.cluster,
        ]);
        if (!(await isInUse(transaction, came))) return false;
        await upsertCertificate(transaction, came, certificate);
        await transaction.query(
          "update biplane.registrations set used_by = $3 where org = $1 and cluster = $2 and used_by is not null",
          [came.org, came.cluster, sha256(publicKey)],
        );
        return true;
      }),
    heartbeat: ({ org, cluster, serial }, version, connections) =>
      database.withOrg(org, async (transaction) => {
        const found = await transaction.query(
          `update biplane.clusters set heard_at = now(), version = $4, connections = $5
           where org = $1 and cluster = $2 and ${inUse} returning org`,
          [org, cluster, serial, version, connections],
        );
        return found.length === 1;
      }),
    inUse: (came) => database.withOrg(came.org, (transaction) => isInUse(transaction, came)),
    revoke: ({ org, cluster }) =>
      database.withOrg(org, async (transaction) => {
        const registered = await transaction.query(
          `update biplane.registrations set revoked_at = now(), refused_keys = array_remove(refused_keys || used_by, null)
           where org = $1 and cluster = $2 returning org`,
          [org, cluster],
        );
        await transaction.query(
          `update biplane.clusters set revoked_at = now(), certificates = '{}', heard_at = null, connections = 0
           where org = $1 and cluster = $2`,
          [org, cluster],
        );
        return registered.length === 1;
      }),
    list: (org) =>
      database.withOrg(org, (transaction) =>
        transaction.query<ClusterRow>(
          `select cluster, version, connections, certificate_until, heard_at, ${healthy} as healthy,
             case when certificates = '{}' then revoked_at end as revoked_at
           from biplane.clusters where org = $1 order by cluster`,
          [org],
        ),
      ),
    healthyCluster: (org) =>
      database.withOrg(org, async (transaction) => {
        const rows = await transaction.query<{ cluster: string }>(
          `select cluster from biplane.clusters where org = $1 and ${healthy} order by cluster limit 1`,
          [org],
        );
        return rows[0]?.cluster;
      }),
  };
}

async function upsertCertificate(
  transaction: Transaction,
  { org, cluster }: ClusterName,
  certificate: CertificateRecord,
) {
  await transaction.query(
    `insert into biplane.clusters as known (org, cluster, certificate_serial, certificate_until) values ($1, $2, $3, $4)
     on conflict (org, cluster) do update
     set certificate_serial = excluded.certificate_serial, certificate_until = excluded.certificate_until,
       certificates = case when known.revoked_at is null then known.certificates else
         (known.certificates || excluded.certificate_serial)[greatest(1, cardinality(known.certificates) + 2 - $5::int):] end`,
    [org, cluster, certificate.serial, certificate.notAfter, certificatesKept],
  );
}

async function isInUse(transaction: Transaction, { org, cluster, serial }: Presented): Promise<boolean> {
  const found = await transaction.query(`select 1 from biplane.clusters where org = $1 and cluster = $2 and ${inUse}`, [
    org,
    cluster,
    serial,
  ]);
  return found.length === 1;
}
