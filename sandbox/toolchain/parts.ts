/** Everything that is built rather than installed. A further part is one more entry. */
import { goPart } from "./go-part.ts";
import { npmPart } from "./npm-part.ts";
import { datapathCompiler } from "./packages.ts";
import type { Part } from "./part.ts";
import { pythonPart } from "./python-part.ts";
import { compatibleWith, minorWithin } from "./versions.ts";
import { withWheels } from "./wheels.ts";

const kubernetesVersion = [1, 34, 4] as const;
const engineVersion = [3, 210, 0] as const;
const objectStoreVersion = [1, 8, 0] as const;

const cilium = "github.com/cilium/cilium";
const buildkit = "github.com/moby/buildkit";
const knative = "knative.dev/serving/cmd";
const kubernetes = "k8s.io/kubernetes/cmd";
const kubernetesStamp = "k8s.io/component-base/version";
/** The parts of one cluster are of one minor version; only the client may differ, by one, as Kubernetes allows. */
const sameMinor = { args: ["--version"], fits: minorWithin(kubernetesVersion, 0) };

/** Knative Serving's programs; `queue` runs beside every app. */
export const knativePrograms = ["activator", "autoscaler", "controller", "queue", "webhook"] as const;
/** As the part names them: alone, some of them are names of anybody's programs. */
export const knativeProgram = (program: (typeof knativePrograms)[number]) => `knative-${program}`;

export const pythonClient = pythonPart({
  id: "python-client",
  title: "Python: the flyte client",
  seconds: 30,
  requirements: "python/client.txt",
  programs: ["flyte"],
});

export const pythonCloud = pythonPart({
  id: "python-cloud",
  title: "Python: moto, awscli, Envoy",
  seconds: 60,
  requirements: "python/cloud.txt",
  programs: ["moto_server", "aws", "envoy"],
});

/** In the order of building: short steps first, so that what cannot work here is known soon. */
export const parts: Part[] = [
  pythonClient,
  pythonCloud,
  goPart({
    id: "objectstore",
    title: "Object store (versitygw)",
    tier: "core",
    seconds: 100,
    module: "objectstore",
    programs: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
    stamp: { "main.Version": `v${objectStoreVersion.join(".")}` },
    onPath: { versitygw: { args: ["--version"], fits: compatibleWith(objectStoreVersion) } },
  }),
  goPart({
    id: "logs",
    title: "Log shipper (Telegraf)",
    tier: "extended",
    seconds: 400,
    module: "logs",
    programs: { telegraf: "github.com/influxdata/telegraf/cmd/telegraf" },
    // Only what its configuration names (components/logs/telegraf.ts): all of it would be a fifth of a gigabyte.
    tags: ["custom", "inputs.tail", "outputs.cloudwatch_logs", "parsers.grok", "processors.regex"],
  }),
  goPart({
    id: "metrics",
    title: "Metrics server",
    tier: "extended",
    seconds: 300,
    module: "metrics",
    programs: { "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server" },
  }),
  goPart({
    id: "metrics-store",
    title: "Metrics store (Prometheus)",
    tier: "extended",
    seconds: 330,
    module: "metrics-store",
    programs: { prometheus: "github.com/prometheus/prometheus/cmd/prometheus" },
    // Of its discoveries the one that the kit's configuration names: Debian's own package is built without it.
    tags: ["remove_all_sd", "enable_kubernetes_sd"],
    stamp: { "github.com/prometheus/common/version.Version": "3.16.0" },
  }),
  goPart({
    id: "gcp",
    title: "Object store of Google Cloud (fake-gcs-server)",
    tier: "extended",
    seconds: 200,
    module: "gcp",
    programs: { "fake-gcs-server": "github.com/fsouza/fake-gcs-server" },
  }),
  npmPart({
    id: "azure",
    title: "Object store of Azure (azurite)",
    tier: "extended",
    seconds: 40,
    folder: "azure",
    scripts: { "azurite-blob": "azurite/dist/src/blob/main.js" },
  }),
  goPart({
    id: "engine",
    title: "Pulumi engine",
    tier: "core",
    seconds: 150,
    module: "engine",
    programs: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    // The Automation API refuses an engine that does not know its version.
    stamp: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${engineVersion.join(".")}` },
    onPath: { pulumi: { args: ["version"], fits: compatibleWith(engineVersion) } },
  }),
  goPart({
    id: "kubernetes",
    title: "Kubernetes 1.34 and CoreDNS",
    tier: "core",
    seconds: 400,
    module: "kubernetes",
    programs: {
      "kube-apiserver": `${kubernetes}/kube-apiserver`,
      "kube-controller-manager": `${kubernetes}/kube-controller-manager`,
      "kube-scheduler": `${kubernetes}/kube-scheduler`,
      kubelet: `${kubernetes}/kubelet`,
      "kube-proxy": `${kubernetes}/kube-proxy`,
      kubectl: `${kubernetes}/kubectl`,
      coredns: "./coredns",
    },
    stamp: {
      [`${kubernetesStamp}.gitVersion`]: `v${kubernetesVersion.join(".")}`,
      [`${kubernetesStamp}.gitMajor`]: String(kubernetesVersion[0]),
      [`${kubernetesStamp}.gitMinor`]: String(kubernetesVersion[1]),
    },
    onPath: {
      "kube-apiserver": sameMinor,
      "kube-controller-manager": sameMinor,
      "kube-scheduler": sameMinor,
      kubelet: sameMinor,
      "kube-proxy": sameMinor,
      kubectl: { args: ["version", "--client"], fits: minorWithin(kubernetesVersion, 1) },
    },
  }),
  goPart({
    id: "network-policy",
    title: "Network policy (Cilium)",
    tier: "extended",
    seconds: 1_000,
    module: "network-policy",
    programs: { "cilium-agent": `${cilium}/daemon`, "cilium-cni": `${cilium}/plugins/cilium-cni` },
    // The agent's datapath in C, and the kinds that it waits for in the API server.
    sources: {
      module: cilium,
      folders: { bpf: "bpf", crds: "pkg/k8s/apis/cilium.io/client/crds" },
    },
    packages: datapathCompiler,
    tags: ["osusergo"],
    stamp: { [`${cilium}/pkg/version.ciliumVersion`]: "1.19.1" },
  }),
  withWheels(
    goPart({
      id: "images",
      title: "Image builds (BuildKit)",
      tier: "extended",
      seconds: 400,
      module: "images",
      programs: { buildkitd: `${buildkit}/cmd/buildkitd`, buildctl: `${buildkit}/cmd/buildctl` },
      stamp: { [`${buildkit}/version.Version`]: "v0.29.0" },
    }),
    // What installs Python packages within a build: its program lies in the wheel.
    "python/images.txt",
  ),
  goPart({
    id: "apps",
    title: "Apps (Knative Serving)",
    tier: "extended",
    seconds: 400,
    module: "apps",
    programs: Object.fromEntries(knativePrograms.map((program) => [knativeProgram(program), `${knative}/${program}`])),
  }),
];
