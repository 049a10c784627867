import { openCatalogue } from "./catalogue.ts";
import { kubernetesBackend } from "./kubernetes-backend.ts";
import { backendContract } from "./testing/backend-contract.ts";
import { memoryShards } from "./testing/memory-shards.ts";

backendContract(() => kubernetesBackend(openCatalogue(memoryShards()), () => 1_000));
