import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { z } from "zod";
import { databaseShape } from "../../shared/config.ts";
import { openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { bucketArchive } from "./archive.ts";
import { startExporter } from "./exporter.ts";
import { lagMetric } from "./lag-metric.ts";

await runService({
  name: "audit",
  shape: {
    ...databaseShape,
    AUDIT_BUCKET: z.string().min(3),
    AWS_REGION: z.string().min(1),
    /** Records wait so long for others, to share an object. */
    EXPORT_WAIT_SECONDS: z.coerce.number().min(0).max(300).default(10),
    EXPORT_BATCH_RECORDS: z.coerce.number().int().min(1).max(10_000).default(2_000),
  },
  parts({ config, log }) {
    const database = openDatabase(config, "audit", log);
    const credentials = fromNodeProviderChain();
    const exporter = startExporter({
      database,
      put: bucketArchive(config.AUDIT_BUCKET, credentials),
      tellLag: lagMetric(credentials, config.AWS_REGION),
      limits: { records: config.EXPORT_BATCH_RECORDS, waitMs: config.EXPORT_WAIT_SECONDS * 1000 },
      log,
    });
    return {
      ready: () => database.ping(),
      async close() {
        await exporter.close();
        await database.close();
      },
    };
  },
});
