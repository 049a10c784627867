import { gatewayNamespace, gatewayService } from "../../components/serving/contract.ts";
import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";
import { inOwnNamespaces } from "../target.ts";

const appsGateway = `${gatewayService}-internal.${gatewayNamespace}.svc.cluster.local`;

/** Read from the objects; that nothing answers is shown by a probe from outside. */
export const nothingListensOutside = defineClusterCheck({
  id: "NET-01",
  title: "No Service or pod of ours can be reached from outside the cluster",
  severity: "critical",
  claims: ["tunnel-service-initiates"],
  documented: ["C01"],
  fix: "Make the Service ClusterIP and remove hostPort and hostNetwork: the tunnel dials out.",
  needs: ["services", "pods"],
  evaluate({ services, pods }, target) {
    const isOurs = inOwnNamespaces(target);
    return [
      ...services.filter(isOurs).map((service) => {
        const { type, externalIPs } = service.spec ?? {};
        const subject = subjectOf("Service", service);
        // Knative's name of an app within the cluster: another name of the gateway's, which has an own Service.
        if (target.servesApps && type === "ExternalName" && service.spec?.externalName === appsGateway)
          return pass(subject, `a name of ${appsGateway}`);
        if (type !== "ClusterIP" || externalIPs?.length)
          return fail(subject, `type ${type}, externalIPs ${externalIPs ?? "none"}`);
        return pass(subject, "ClusterIP");
      }),
      ...pods.filter(isOurs).map((pod) => {
        const subject = subjectOf("Pod", pod);
        if (pod.spec?.hostNetwork) return fail(subject, "uses the host's network");
        const port = containersOf(pod)
          .flatMap(({ ports }) => ports ?? [])
          .find(({ hostPort }) => hostPort);
        return port ? fail(subject, `hostPort ${port.hostPort}`) : pass(subject, "no host port");
      }),
    ];
  },
  sabotages: [
    {
      name: "the last Service becomes a NodePort",
      apply(facts, target) {
        const service = facts.services.findLast(({ metadata }) => metadata?.namespace === target.namespace);
        if (!service?.spec) return false;
        service.spec.type = "NodePort";
        return undefined;
      },
    },
    {
      name: "the last pod opens a host port",
      apply(facts, target) {
        const pod = facts.pods.findLast(inOwnNamespaces(target));
        const container = pod?.spec?.containers.at(-1);
        if (!container) return false;
        container.ports = [{ containerPort: 8080, hostPort: 8080 }];
        return undefined;
      },
    },
  ],
});
