import { z } from "zod";
import { fileContent, jsonFile } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { cloudflare } from "./api.ts";
import { desiredFile } from "./desired.ts";
import { startReconciler } from "./reconciler.ts";

await runService({
  name: "tunnel-reconciler",
  shape: {
    CLOUDFLARE_API_URL: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, "")),
    CLOUDFLARE_TOKEN_FILE: fileContent,
    TUNNELS_FILE: jsonFile(desiredFile),
    RECONCILE_SECONDS: z.coerce.number().min(5).max(3_600).default(60),
  },
  parts({ config, log }) {
    const { close } = startReconciler({
      api: cloudflare({ url: config.CLOUDFLARE_API_URL, token: config.CLOUDFLARE_TOKEN_FILE }),
      tunnels: config.TUNNELS_FILE.tunnels,
      everyMs: config.RECONCILE_SECONDS * 1_000,
      log,
    });
    return { close };
  },
});
