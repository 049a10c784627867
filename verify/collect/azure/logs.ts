import { z } from "zod";
import type { AzureLogsFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";
import { sameId } from "./places.ts";

const on = z
  .boolean()
  .nullish()
  .transform((found) => found ?? false);
const workspaceSchema = z.object({
  id: z.string(),
  location: z.string(),
  properties: z.object({
    customerId: z.string(),
    features: z.object({ disableLocalAuth: on, enableLogAccessUsingOnlyResourcePermissions: on }).nullish(),
  }),
});
const exportSchema = z.object({
  properties: z.object({ destination: z.object({ resourceId: z.string() }), enable: z.boolean().default(true) }),
});
const associationSchema = z.object({ properties: z.object({ dataCollectionRuleId: z.string().nullish() }) });
/** Of whatever kind: a workspace, a hub of events, an account. */
const destinationsSchema = z.record(z.string(), z.unknown()).default({});
const ruleSchema = z.object({
  id: z.string(),
  properties: z.object({
    destinations: destinationsSchema,
    dataSources: z
      .object({
        extensions: z
          .array(
            z.object({
              extensionSettings: z
                .object({
                  dataCollectionSettings: z
                    .object({ namespaceFilteringMode: z.string().nullish(), namespaces: z.array(z.string()).nullish() })
                    .nullish(),
                })
                .nullish(),
            }),
          )
          .default([]),
      })
      .default({ extensions: [] }),
  }),
});
const settingSchema = z.object({
  name: z.string(),
  properties: z.object({
    workspaceId: z.string().nullish(),
    storageAccountId: z.string().nullish(),
    eventHubAuthorizationRuleId: z.string().nullish(),
    marketplacePartnerId: z.string().nullish(),
  }),
});

const insights = "providers/Microsoft.Insights";

/** @param cluster its id, as what the agent and its records belong to */
export async function readAzureLogs(reads: Reads, subscription: string, cluster: string): Promise<AzureLogsFact> {
  const [workspaces, rules, associations, settings] = await Promise.all([
    reads.all(`${subscription}/providers/Microsoft.OperationalInsights/workspaces`, "2023-09-01", workspaceSchema),
    reads.all(`${subscription}/${insights}/dataCollectionRules`, "2023-03-11", ruleSchema),
    reads.all(`${cluster}/${insights}/dataCollectionRuleAssociations`, "2023-03-11", associationSchema),
    reads.all(`${cluster}/${insights}/diagnosticSettings`, "2021-05-01-preview", settingSchema),
  ]);
  const own = associations.flatMap(({ properties }) => properties.dataCollectionRuleId ?? []);
  const unknown = own.find((id) => !rules.some((rule) => sameId(rule.id, id)));
  if (unknown !== undefined)
    throw new Error(`the cluster's logs go by ${unknown}, which the subscription does not list`);
  return {
    workspaces: await Promise.all(
      workspaces.map(async ({ id, location, properties: { customerId, features } }) => {
        const exports = await reads.all(`${id}/dataExports`, "2020-08-01", exportSchema);
        return {
          ...{ id, location, workspace: customerId, keys: !(features?.disableLocalAuth ?? false) },
          byResource: features?.enableLogAccessUsingOnlyResourcePermissions ?? false,
          exports: exports
            .filter(({ properties }) => properties.enable)
            .map(({ properties }) => properties.destination.resourceId),
        };
      }),
    ),
    senders: [
      ...rules
        .filter(({ id }) => own.some((one) => sameId(one, id)))
        .map(({ id, properties: { destinations, dataSources } }) => {
          const filters = dataSources.extensions.flatMap(
            ({ extensionSettings }) => extensionSettings?.dataCollectionSettings ?? [],
          );
          const whole =
            filters.length === 0 ||
            filters.some(({ namespaceFilteringMode: mode }) => mode?.toLowerCase() !== "include");
          return {
            name: id,
            ...(whole ? {} : { namespaces: filters.flatMap(({ namespaces }) => namespaces ?? []) }),
            destinations: Object.values(destinations).flat().map(destinationOf),
          };
        }),
      ...settings.map(({ name, properties }) => ({
        name: `${cluster}/${insights}/diagnosticSettings/${name}`,
        // What the control plane says, which holds no line of a pod.
        namespaces: [],
        destinations: Object.values(properties).flatMap((id) => id || []),
      })),
    ],
  };
}

/** Each kind names what it writes to by another word; one that has none of these is told as it is. */
function destinationOf(destination: unknown): string {
  const known = z
    .looseObject({
      workspaceResourceId: z.string(),
      storageAccountResourceId: z.string(),
      eventHubResourceId: z.string(),
    })
    .partial()
    .safeParse(destination).data;
  const found = known?.workspaceResourceId ?? known?.storageAccountResourceId ?? known?.eventHubResourceId;
  return found ?? `another kind of place: ${JSON.stringify(destination)}`;
}
