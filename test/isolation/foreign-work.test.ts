/** Another organisation at this customer's plane: its work is not run there, and its people are nobody there. */
import { randomBytes } from "node:crypto";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, describe, expect, it, vi } from "vitest";
import { ObjectStoreService } from "../../gen/biplane/objectstore/v1/object_store_pb.js";
import { beside } from "../support/beside.ts";
import { runExample } from "../support/client.ts";
import { customerCluster } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";
import { statedOf } from "../support/statement.ts";

const { proves } = evidenceFor("isolation/foreign-work");
const { org, project, domain } = environment;
const stranger = environment.identities.find((one) => one.org !== org)?.org ?? "";
const namespace = `${project}-${domain}`;
const place = { group: "flyte.org", version: "v1", plural: "taskactions", namespace };
const { core, custom } = customerCluster;
const made: string[] = [];

// Into a given cluster's own network there is no way from here.
const ours = environment.clusters.customer === "own";

afterAll(async () => {
  for (const name of made) await custom.deleteNamespacedCustomObject({ ...place, name }).catch(() => undefined);
});

/** The TaskAction of a run that was, once more under another name: as the cluster's administrator could write it. */
async function copyOf(run: string, as: string): Promise<string> {
  const { metadata, spec } = await custom.getNamespacedCustomObject({ ...place, name: `${run}-a0` });
  const runName = `f${randomBytes(7).toString("hex")}`;
  const name = `${runName}-a0`;
  const labels = { ...metadata.labels, "biplane.dev/org": as, "flyte.org/run": runName };
  delete labels["flyte.org/terminal-status-recorded"];
  delete labels["flyte.org/termination-status"];
  delete labels["flyte.org/completed-time"];
  const body = {
    apiVersion: "flyte.org/v1",
    kind: "TaskAction",
    metadata: { name, namespace, labels },
    spec: { ...spec, runName },
  };
  await custom.createNamespacedCustomObject({ ...place, body });
  made.push(name);
  return name;
}

const podsOf = async (name: string) => {
  const { items } = await core.listNamespacedPod({ namespace });
  return items.filter(({ metadata }) => metadata?.ownerReferences?.some((owner) => owner.name === name));
};

describe.skipIf(!ours)("another organisation", () => {
  it("has no work run here, and no answer to its own good token", async () => {
    proves(
      ["tenant-no-foreign-workloads"],
      "the same TaskAction of this organisation gets a pod, and this organisation's own token is answered",
    );
    const { name: run, result } = await runExample("hello", "hello", ["--name", "foreign"]);
    expect(result.exitCode, result.stderr).toBe(0);
    await (await runClient()).ended(run);
    const foreign = await copyOf(run, stranger);
    const own = await copyOf(run, org);
    // The foreign one was there first: when the own one has its pod, it had its turn.
    await vi.waitFor(async () => expect(await podsOf(own)).toHaveLength(1), { timeout: 90_000, interval: 250 });
    expect(await podsOf(foreign)).toEqual([]);
    expect((await custom.getNamespacedCustomObject({ ...place, name: foreign })).status).toBeUndefined();

    const service = await beside("customer", "objectstore");
    const store = createClient(ObjectStoreService, service.transport);
    const uri = `s3://${environment.outputs.customer.metadataBucket}/${org}/${project}/${domain}/${run}/a0/1/outputs.pb`;
    const sign = async (of: string) => {
      const token = (await signedIn(of, "admin")).authorization?.replace("Bearer ", "") ?? "";
      const stated = await statedOf(token);
      const request = { org, project, domain, uri, expiresInSeconds: 60n };
      try {
        return (await store.signDownload(request, { headers: await stated.headers() })).signedUrl;
      } catch (error) {
        return ConnectError.from(error).code;
      } finally {
        stated.close();
      }
    };
    try {
      expect(await sign(stranger)).toBeOneOf([Code.PermissionDenied, Code.Unauthenticated]);
      expect(await sign(org)).toMatch(/^https:/);
    } finally {
      service.close();
    }
  });
});
