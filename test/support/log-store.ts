/** What the customer's log store has of a pod, asked by the account's operator. */
import { DescribeLogStreamsCommand, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { awsClients } from "../../verify/collect/aws-clients.ts";
import { environment } from "./local-run.ts";

const { project, domain, outputs } = environment;
const { logGroup } = outputs.customer;
/** Without the part that ships logs (`up --with logs`) the plane keeps none. */
export const logGroupName = typeof logGroup === "string" ? logGroup : undefined;

const { logs } = awsClients({
  aws: { ...environment.aws, caFile: environment.caFile },
  region: environment.aws.region,
});

/** @param pod in the local run's own project @returns its lines as the shipper has put them there */
export async function storedLogs(pod: string): Promise<string[]> {
  const prefix = { logGroupName, logStreamNamePrefix: `${project}-${domain}_${pod}_` };
  const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand(prefix));
  const logStreamNames = logStreams.flatMap(({ logStreamName }) => logStreamName ?? []);
  // Without names it would answer with every stream's.
  if (logStreamNames.length === 0) return [];
  const found: string[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, { logGroupName, logStreamNames }))
    found.push(...events.map(({ message = "" }) => message));
  return found;
}
