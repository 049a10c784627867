/**
 * A language host for operations that run no program: the engine asks for one all the same, and the official one for
 * Node cannot be had here. It answers that nothing is required, and it runs nothing.
 */
import { Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageMessages from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";

/** @returns the value of PULUMI_DEBUG_LANGUAGES, by which the engine attaches to it */
export async function serveLanguage(): Promise<{ address: string; close(): void }> {
  const server = new Server();
  server.addService(LanguageRuntimeService, {
    handshake: answer(() => new languageMessages.LanguageHandshakeResponse()),
    getRequiredPlugins: answer(() => new languageMessages.GetRequiredPluginsResponse()),
    getPluginInfo: answer(() => new pluginMessages.PluginInfo().setVersion("1.0.0")),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `nodejs:${port}`, close: () => server.forceShutdown() };
}

function answer(make: () => object): UntypedHandleCall {
  return (_: object, reply: (error: null, response: object) => void) => reply(null, make());
}
