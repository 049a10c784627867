/** Of the process itself: memory, processor time, descriptors, how busy its event loop is, and when its certificate ends. */
import { X509Certificate } from "node:crypto";
import { readdirSync } from "node:fs";
import { performance } from "node:perf_hooks";
import about from "../../package.json" with { type: "json" };
import { gauge, reading } from "./metrics.ts";

/** Once a process. @param service its name, which is one of ours. @param certificate PEM: what it shows the others */
export function startProcessMetrics(service: string, certificate?: string): void {
  const { version } = about;
  const help = "Which service this is, and of which version; always 1";
  gauge("biplane_build_info", help, { service: [service], version: [version] }).add({ service, version }, 1);
  if (certificate) {
    const end = new X509Certificate(certificate).validToDate.getTime() / 1_000;
    const help = "When the certificate ends that it shows other services, in seconds since 1970";
    reading("gauge", "biplane_service_certificate_end_seconds", help, () => end);
  }
  reading("gauge", "process_start_time_seconds", "When the process began, in seconds since 1970", () =>
    Math.round(performance.timeOrigin / 1_000),
  );
  reading("counter", "process_cpu_seconds_total", "Processor time, of user and system", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  });
  reading("gauge", "process_resident_memory_bytes", "Memory that the process holds", () => process.memoryUsage.rss());
  reading("gauge", "process_open_fds", "Open file descriptors", () => readdirSync("/proc/self/fd").length);
  reading("gauge", "nodejs_heap_used_bytes", "Of the heap, what is in use", () => process.memoryUsage().heapUsed);
  reading("gauge", "nodejs_external_memory_bytes", "Buffers beside the heap", () => process.memoryUsage().external);
  reading(
    "counter",
    "nodejs_eventloop_active_seconds_total",
    "Time in which the event loop had work",
    () => performance.eventLoopUtilization().active / 1_000,
  );
}
