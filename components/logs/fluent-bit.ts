/** Fluent Bit's configuration. It keeps its offsets in a database on the node and waits for the cloud without end. */
import { nodeLogs } from "./contract.ts";
import { logFiles, offsetsFolder, type ShipperSettings } from "./settings.ts";

type Section = [kind: string, settings: Record<string, string | number>];

/** What it holds in memory of lines that the cloud has not taken; behind it, it reads no further. */
const bufferLimit = "32MB";

export function renderFluentBit({ logGroup, region, projectNamespaces }: ShipperSettings): Record<string, string> {
  const main: Section[] = [
    [
      "SERVICE",
      {
        Flush: 2,
        // What is in memory has so long to leave before its pod is ended; what does not is read again.
        Grace: 20,
        Log_Level: "warn",
        Parsers_File: "parsers.conf",
        // It would serve in clear, and tells no more than that it runs where what fails is tried again without end.
        HTTP_Server: "Off",
      },
    ],
    [
      "INPUT",
      {
        Name: "tail",
        Tag: "pods",
        Path: logFiles(projectNamespaces).join(","),
        Path_Key: "file",
        Parser: "written",
        Read_From_Head: "On",
        Refresh_Interval: 1,
        // The runtime cuts lines at 16 KiB.
        Buffer_Max_Size: "64k",
        Skip_Long_Lines: "On",
        Mem_Buf_Limit: bufferLimit,
        DB: `${offsetsFolder}/fluent-bit.db`,
        "DB.Locking": "true",
      },
    ],
    ["FILTER", { Name: "parser", Match: "pods", Key_Name: "file", Parser: "stream", Reserve_Data: "On" }],
    [
      "OUTPUT",
      {
        Name: "cloudwatch_logs",
        Match: "pods",
        region,
        log_group_name: logGroup,
        log_stream_name: "unnamed",
        log_stream_template: "$log_stream",
        log_key: "log",
        auto_create_group: "Off",
        Retry_Limit: "no_limits",
      },
    ],
  ];
  const parsers: Section[] = [
    [
      "PARSER",
      {
        Name: "written",
        Format: "regex",
        // The whole line goes on, under its own time.
        Regex: "^(?<log>(?<time>[^ ]+) (?:stdout|stderr) [FP](?::[^ ]*)?(?: .*)?)$",
        Time_Key: "time",
        Time_Format: "%Y-%m-%dT%H:%M:%S.%L%z",
      },
    ],
    ["PARSER", { Name: "stream", Format: "regex", Regex: `^${nodeLogs}/(?<log_stream>.+)$` }],
  ];
  return { "fluent-bit.conf": render(main), "parsers.conf": render(parsers) };
}

function render(sections: Section[]): string {
  const text = ([kind, settings]: Section) =>
    [`[${kind}]`, ...Object.entries(settings).map(([name, value]) => `    ${name} ${value}`)].join("\n");
  return `${sections.map(text).join("\n\n")}\n`;
}
