/** Sessions by STS, and S3 by them. */
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from "@aws-sdk/client-sts";
import { identityAnnotations } from "../../components/identity/contract.ts";
import { clientConfig } from "../collect/aws-clients.ts";
import type { Target } from "../target.ts";
import { type CloudSessions, type Place, type Store, sessionSeconds, type Tried, tried } from "./sessions.ts";

export function awsSessions(target: Target): CloudSessions {
  return {
    annotation: identityAnnotations.aws,
    audience: "sts.amazonaws.com",
    async take(RoleArn, WebIdentityToken, RoleSessionName) {
      const sts = new STSClient(clientConfig(target));
      try {
        const { Credentials: given } = await sts.send(
          new AssumeRoleWithWebIdentityCommand({
            ...{ RoleArn, WebIdentityToken, RoleSessionName, DurationSeconds: sessionSeconds },
          }),
        );
        if (!given) return { told: "an answer without credentials" };
        return { store: storeOf(target, given), told: "a session" };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { told: `${error.name}: ${error.message}` };
      }
    },
  };
}

/** An answer of the service's own: anything else says nothing of rights. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error) || !("$metadata" in error)) return false;
  const { httpStatusCode: status = 0 } = error.$metadata as { httpStatusCode?: number };
  return status >= 400 && status < 500;
}

function readAnswer(error: unknown): Tried | undefined {
  return isRefusal(error) ? { allowed: false, told: `${error.name}: ${error.message}` } : undefined;
}

function storeOf(target: Target, given: Credentials): Store {
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken: sessionToken } = given;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  const forcePathStyle = target.aws.endpointUrl !== undefined;
  const s3 = new S3Client({ ...clientConfig(target), credentials, forcePathStyle });
  const asked = (call: () => Promise<unknown>) => tried(call, readAnswer);
  const named = ({ bucket, key }: Place) => ({ Bucket: bucket, Key: key });
  return {
    put: (at) => asked(() => s3.send(new PutObjectCommand({ ...named(at), Body: "probe" }))),
    get: (at) => asked(() => s3.send(new GetObjectCommand(named(at)))),
    delete: (at) => asked(() => s3.send(new DeleteObjectCommand(named(at)))),
  };
}
