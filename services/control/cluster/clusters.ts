/** The tables of registrations and clusters: every statement about them. */
import { type Bootstrap, sha256 } from "../../shared/bootstrap.ts";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import type { Database, Transaction } from "../../shared/postgres.ts";

/** Heartbeats come every 10 s; a cluster that missed three is not given work. */
const unhealthyAfterSeconds = 30;

export interface ClusterStore {
  /** Makes the declared registrations known. A changed token may be used again; an unchanged one stays used. */
  bootstrap(registrations: Bootstrap["registrations"]): Promise<void>;
  /**
   * Uses a one-time token and, in the same transaction, records what `sign` returns.
   * @returns undefined where the token is unknown or was used by another key.
   */
  register<T extends CertificateRecord>(
    token: string,
    publicKey: Buffer,
    sign: (name: ClusterName) => Promise<T>,
  ): Promise<T | undefined>;
  /**
   * Records a certificate for a new key. From now on that key may repeat the registration, which is how a cluster
   * that was cut off until its certificate ended comes back.
   */
  renew(name: ClusterName, publicKey: Buffer, certificate: CertificateRecord): Promise<void>;
  /** @returns false where the cluster is not registered. */
  heartbeat(name: ClusterName, version: string, connections: number): Promise<boolean>;
  /** @returns undefined where no cluster of the organisation is healthy. */
  healthyCluster(org: string): Promise<string | undefined>;
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
             on conflict (org, cluster) do update set token_sha256 = excluded.token_sha256, used_by = null, used_at = null
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
        const used = await transaction.query(
          `update biplane.registrations set used_by = $2, used_at = coalesce(used_at, now())
           where token_sha256 = $1 and (used_by is null or used_by = $2) returning org`,
          [hash, sha256(publicKey)],
        );
        if (used.length !== 1) return undefined;
        const signed = await sign(name);
        await upsertCertificate(transaction, name, signed);
        return signed;
      });
    },
    renew: (name, publicKey, certificate) =>
      database.withOrg(name.org, async (transaction) => {
        await upsertCertificate(transaction, name, certificate);
        await transaction.query(
          "update biplane.registrations set used_by = $3 where org = $1 and cluster = $2 and used_by is not null",
          [name.org, name.cluster, sha256(publicKey)],
        );
      }),
    heartbeat: ({ org, cluster }, version, connections) =>
      database.withOrg(org, async (transaction) => {
        const found = await transaction.query(
          `update biplane.clusters set heard_at = now(), version = $3, connections = $4
           where org = $1 and cluster = $2 returning org`,
          [org, cluster, version, connections],
        );
        return found.length === 1;
      }),
    healthyCluster: (org) =>
      database.withOrg(org, async (transaction) => {
        const rows = await transaction.query<{ cluster: string }>(
          `select cluster from biplane.clusters
           where org = $1 and heard_at > now() - make_interval(secs => $2) and connections > 0
           order by cluster limit 1`,
          [org, unhealthyAfterSeconds],
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
    `insert into biplane.clusters (org, cluster, certificate_serial, certificate_until) values ($1, $2, $3, $4)
     on conflict (org, cluster) do update
     set certificate_serial = excluded.certificate_serial, certificate_until = excluded.certificate_until`,
    [org, cluster, certificate.serial, certificate.notAfter],
  );
}
