/** People's sessions at apps, as Identity keeps them: by what a browser shows there comes a token, as by an API key. */
import { createClient, type Transport } from "@connectrpc/connect";
import { AppSessionService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { sha256 } from "../../shared/bootstrap.ts";
import { unaryCall } from "../../shared/client.ts";

interface Shown {
  org: string;
  /** The app's uid. */
  app: string;
  session: string;
}

export interface AppSessions {
  begin(shown: Omit<Shown, "session"> & { code: string; verifier: string }): Promise<{
    session: string;
    lifetimeSeconds: number;
  }>;
  /** @returns an authorization header. */
  exchange(shown: Shown): Promise<string>;
  end(shown: Shown): Promise<void>;
}

const maxKept = 10_000;

/** A token is kept for half its life; whether its session is in force is asked with each request, as for every token. */
export function appSessions(identity: Transport, now: () => number = Date.now): AppSessions {
  const client = createClient(AppSessionService, identity);
  const known = new Map<string, { header: string; until: number }>();
  return {
    begin: (shown) => client.beginAppSession(shown, unaryCall),
    async exchange(shown) {
      const { org, app, session } = shown;
      const key = sha256(`${org}/${app}/${session}`).toString("hex");
      const kept = known.get(key);
      if (kept && kept.until > now()) return kept.header;
      const { accessToken, expiresInSeconds } = await client.exchangeAppSession(shown, unaryCall);
      if (known.size >= maxKept) known.clear();
      const header = `Bearer ${accessToken}`;
      known.set(key, { header, until: now() + expiresInSeconds * 500 });
      return header;
    },
    async end(shown) {
      await client.endAppSession(shown, unaryCall);
    },
  };
}
