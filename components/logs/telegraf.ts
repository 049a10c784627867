/** Telegraf's configuration, for where Fluent Bit cannot be had. Its state file is what a restart goes on from. */
import { nodeLogs } from "./contract.ts";
import { logFiles, offsetsFolder, type ShipperSettings } from "./settings.ts";

/** How the kubelet ends the name of a file that it has rotated and not yet compressed: date and time. */
const rotated = "????????-??????";

export function renderTelegraf({ logGroup, region, projectNamespaces }: ShipperSettings): Record<string, string> {
  const files = logFiles(projectNamespaces).flatMap((path) => [path, `${path}.${rotated}`]);
  const text = `[agent]
  interval = "1s"
  flush_interval = "2s"
  # A stop may come at any moment; whatever is read is sent in whole.
  metric_buffer_limit = 100000
  omit_hostname = true
  quiet = true
  statefile = "${offsetsFolder}/telegraf.json"

[[inputs.tail]]
  # A file that was rotated is read again as a whole: what was written to it last, Telegraf had not read.
  files = ${JSON.stringify(files)}
  # By inotify it was seen to miss the file that follows a rotation.
  watch_method = "poll"
  initial_read_offset = "saved-or-beginning"
  max_undelivered_lines = 20000
  path_tag = "path"
  data_format = "grok"
  # The whole line goes on, under its own time.
  grok_patterns = ['^(?P<message>%{NOTSPACE:time:ts-rfc3339nano} (?:stdout|stderr) [FP](?::[^ ]*)?(?: .*)?)$']
  grok_unique_timestamp = "auto"

[[processors.regex]]
  [[processors.regex.tags]]
    key = "path"
    pattern = '^${nodeLogs}/(.+?[.]log)(?:[.][0-9]{8}-[0-9]{6})?$'
    replacement = '\${1}'
    result_key = "log_stream"

[[outputs.cloudwatch_logs]]
  region = "${region}"
  log_group = "${logGroup}"
  log_stream = "tag:log_stream"
  log_data_metric_name = "tail"
  log_data_source = "field:message"
`;
  return { "telegraf.conf": text };
}
