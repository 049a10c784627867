/** Each RPC of the ResourceProvider service: unpack, call the lifecycle, pack. */
import { status } from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import { UserError } from "../../../shared/errors.ts";
import type { Change } from "./diff.ts";
import { initFailure } from "./failures.ts";
import { typeInUrn } from "./journal.ts";
import { check, create, diff, read, type State, update } from "./lifecycle.ts";
import type { Call, Package, ResourceType } from "./resource.ts";
import { revealAll } from "./values.ts";
import { decode, emptyMessage, encode } from "./wire.ts";

/** Longest operation, where the resource sets no timeout of its own (customTimeouts). */
const deadlineSeconds = 600;

export function operations(pkg: Package, ended: AbortSignal) {
  const cancelled = new AbortController();
  const callOf = (urn: string, timeout = 0): Call => ({
    urn,
    signal: AbortSignal.any([ended, cancelled.signal, AbortSignal.timeout((timeout || deadlineSeconds) * 1000)]),
  });
  const unary = {
    handshake: async (_: rpc.ProviderHandshakeRequest) => {
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    },
    attach: async () => emptyMessage(),
    getPluginInfo: async () => {
      const response = new pluginMessages.PluginInfo();
      response.setVersion(pkg.version);
      return response;
    },
    getSchema: async () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: pkg.name, version: pkg.version }));
      return response;
    },
    checkConfig: async (request: rpc.CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    },
    diffConfig: async (request: rpc.DiffRequest) => {
      const changes = diff(configType, decode(request.getOldInputs()), decode(request.getNews())).changes;
      return packDiff(changes, false);
    },
    configure: async (request: rpc.ConfigureRequest) => {
      const args = revealAll(decode(request.getArgs()));
      pkg.accepts?.(args);
      await pkg.configure?.(args);
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    },
    invoke: async (request: rpc.InvokeRequest) => {
      const invoke = pkg.invokes[request.getTok()];
      if (!invoke) throw unknown(pkg, "function", request.getTok());
      const response = new messages.InvokeResponse();
      response.setReturn(encode(await invoke(revealAll(decode(request.getArgs())))));
      return response;
    },
    check: async (request: rpc.CheckRequest) => {
      const { type, name } = of(request);
      const [olds, news] = [decode(request.getOlds()), decode(request.getNews())];
      const { inputs, failures } = check(type, name, olds, news, request.getRandomseed_asU8());
      const response = new messages.CheckResponse();
      response.setInputs(encode(inputs));
      for (const { property, reason } of failures) {
        const entry = new messages.CheckFailure();
        entry.setProperty(property);
        entry.setReason(reason);
        response.addFailures(entry);
      }
      return response;
    },
    diff: async (request: rpc.DiffRequest) => {
      const { type } = of(request);
      // An engine too old to send the inputs sends outputs, which hold them.
      const olds = decode(request.getOldInputs() ?? request.getOlds());
      const { changes, deleteBeforeReplace } = diff(type, olds, decode(request.getNews()));
      return packDiff(changes, deleteBeforeReplace);
    },
    create: async (request: rpc.CreateRequest) => {
      const inputs = decode(request.getProperties());
      const { type } = of(request);
      const response = new messages.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(encode(inputs));
        return response;
      }
      const call = callOf(request.getUrn(), request.getTimeout());
      const state = settled(await create(type, inputs, call, pkg.configure ? undefined : pkg.journal));
      response.setId(state.id);
      response.setProperties(encode(state.outputs));
      return response;
    },
    read: async (request: rpc.ReadRequest) => {
      const { type } = of(request);
      const response = new messages.ReadResponse();
      const [inputs, outputs] = [decode(request.getInputs()), decode(request.getProperties())];
      const state = await read(type, request.getId(), inputs, outputs, callOf(request.getUrn(), request.getTimeout()));
      if (!state) return response;
      response.setId(state.id);
      response.setInputs(encode(state.inputs));
      response.setProperties(encode(state.outputs));
      return response;
    },
    update: async (request: rpc.UpdateRequest) => {
      const { type } = of(request);
      const [outputs, inputs] = [decode(request.getOlds()), decode(request.getNews())];
      const response = new messages.UpdateResponse();
      if (request.getPreview()) {
        response.setProperties(encode({ ...outputs, ...inputs }));
        return response;
      }
      const old = { inputs: decode(request.getOldInputs()), outputs };
      const call = callOf(request.getUrn(), request.getTimeout());
      const state = settled(await update(type, request.getId(), inputs, call, old));
      response.setProperties(encode(state.outputs));
      return response;
    },
    delete: async (request: rpc.DeleteRequest) => {
      const { type } = of(request);
      const call = callOf(request.getUrn(), request.getTimeout());
      await type.delete(request.getId(), call, revealAll(decode(request.getProperties())));
      return emptyMessage();
    },
    cancel: async () => {
      cancelled.abort(new Error("the update was cancelled"));
      return emptyMessage();
    },
    getMapping: async () => new messages.GetMappingResponse(),
    getMappings: async () => new messages.GetMappingsResponse(),
    call: async (request: rpc.CallRequest) => {
      throw unknown(pkg, "method", request.getTok());
    },
    construct: async (request: rpc.ConstructRequest) => {
      throw unknown(pkg, "component", request.getType());
    },
    parameterize: async () => {
      throw { code: status.UNIMPLEMENTED, details: `package ${pkg.name} takes no parameters` };
    },
    list: async () => {
      throw { code: status.UNIMPLEMENTED, details: `package ${pkg.name} lists nothing` };
    },
  };
  const of = (request: { getUrn(): string }): { type: ResourceType; name: string } => {
    const urn = request.getUrn();
    const token = typeInUrn(urn);
    const type = pkg.typeOf(token);
    if (!type) throw unknown(pkg, "type", token);
    return { type, name: urn.split("::").slice(3).join("::") };
  };
  return { unary, cancel: () => cancelled.abort(new Error("the provider is closing")) };
}

/** A provider's own arguments change in place: the sandbox has one account and one cluster a stack. */
const configType: ResourceType = {
  create: async () => "",
  update: async () => {},
  delete: async () => {},
};

function unknown(pkg: Package, what: string, token: string): UserError {
  return new UserError(
    `The sandbox does not know the ${what} ${token}. Add it to the table in ${pkg.table}, or use one that is there.`,
  );
}

function packDiff(changes: Change[], deleteBeforeReplace: boolean) {
  const { PropertyDiff, DiffResponse } = messages;
  const response = new DiffResponse();
  response.setChanges(changes.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(changes.map((change) => change.property))]);
  response.setReplacesList([...new Set(changes.filter((change) => change.replace).map((change) => change.property))]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  const kinds = {
    add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
    delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
    update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
  } as const;
  for (const { path, kind, replace } of changes) {
    const entry = new PropertyDiff();
    entry.setKind(kinds[kind][replace ? 1 : 0]);
    entry.setInputdiff(true);
    response.getDetaileddiffMap().set(path, entry);
  }
  return response;
}

function settled(state: State): State {
  if (state.failed) throw initFailure(state, state.failed);
  return state;
}
