/** Times as requests carry them. */
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { invalid } from "./errors.ts";

/** @throws ConnectError invalid_argument for a number of seconds that is no time: a column cannot hold it either. */
export function dateOf(subject: string, timestamp: Timestamp): Date {
  const date = timestampDate(timestamp);
  if (!Number.isNaN(date.getTime())) return date;
  throw invalid({ subject, value: `${timestamp.seconds} s`, allowed: "a time" });
}
