/** Names of what serves apps. They are Knative's and Kourier's own, since their programs look for some of them. */

/** Of Knative Serving's control plane, and of Kourier's controller. */
export const servingNamespace = "knative-serving";
/** Of the gateway's pods alone. */
export const gatewayNamespace = "kourier-system";

/** In the order in which they are started; `queue` runs beside every app and is no Deployment. */
export const servingPrograms = ["webhook", "controller", "autoscaler", "activator"] as const;
export type ServingProgram = (typeof servingPrograms)[number];

/** Account of controller, autoscaler and webhook. */
export const controllerAccount = "controller";
export const activatorAccount = "activator";
export const gatewayAccount = "net-kourier";

/** What the gateway's controller is known by, and where it tells its gateways their routes. */
export const gatewayController = "net-kourier-controller";
export const routesPort = 18_000;
export const ingressClass = "kourier.ingress.networking.knative.dev";

/** The gateway's pods, and the Service by which the gate of the platform's namespace reaches them. */
export const gatewayName = "3scale-kourier-gateway";
export const gatewayService = "kourier";
export const gatewayPorts = { public: 8080, internal: 8081, probe: 8090, stats: 9000 } as const;

/** Who asks for a person's or a program's rights before anything reaches the gateway: of the platform's namespace. */
export const gateService = "app-gate";
/** On loopback of its pods. */
export const gatePort = 8081;

/** Ports of the queue proxy beside an app, and of the activator: HTTP/1.1, HTTP/2, and what the autoscaler reads. */
export const queuePorts = { http: 8012, h2c: 8013, health: 8022, metrics: 9090 } as const;

/** Of Knative's webhook, which API servers call. */
export const webhookPort = 8443;

/** On every pod of an app. */
export const revisionLabel = "serving.knative.dev/revision";

/** An app's host is `<app>-<project>-<domain>.<the plane's domain for apps>`: its namespace is `<project>-<domain>`. */
export const hostTemplate = "{{.Name}}-{{.Namespace}}.{{.Domain}}";

/** Each by digest. */
export interface ServingImages {
  activator: string;
  autoscaler: string;
  controller: string;
  webhook: string;
  /** Runs beside every app. */
  queue: string;
  /** Turns Knative's ingresses into the gateway's routes. */
  gatewayController: string;
  /** Envoy. */
  gateway: string;
}

export interface ServingSettings {
  /** Apps' hosts lie right below it, such as apps.acme.example.com. */
  domain: string;
  images: ServingImages;
  /** Registries whose tags Knative does not resolve to digests itself, such as one without TLS. @default none */
  skipTagResolving?: string[] | undefined;
  /** How the gateway asks its controller for routes; Kourier's own speaks gRPC. @default grpc */
  routesBy?: "grpc" | "rest" | undefined;
}

/** Where whoever may sends an app's request, with the app's host. */
export const gatewayUrl = `http://${gatewayService}.${gatewayNamespace}.svc.cluster.local`;

/** On what the vendor's managers may change in BYOC, beside the stack: who they are, as the cluster knows them. */
export const managersAnnotation = "biplane.dev/managers";
