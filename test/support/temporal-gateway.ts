import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Certificates } from './certificates';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;

/** One call that came in, allowed or not. */
interface GatewayCall {
  /** "StartWorkflowExecution" */
  method: string;
  authorization: string | undefined;
  namespace: string | undefined;
  /** The common name of the client's certificate. */
  client: string | undefined;
}

export interface GatewayOptions {
  certificates: Certificates;
  /** `certificate`: only who has one of our authority gets through (mTLS); otherwise whoever sends this API key. */
  admits: 'certificate' | { apiKey: string };
}

export interface TemporalGateway {
  port: number;
  calls: GatewayCall[];
  close(): Promise<void>;
}

const text = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** Trailers that stand for the whole answer: a gRPC error without a body. */
function refuse(stream: ServerHttp2Stream, code: number, message: string): void {
  const headers = {
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': code,
    'grpc-message': message,
  };
  stream.respond(headers, { endStream: true });
  stream.resume();
}

const withoutPseudo = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));

/**
 * Stands before a Temporal server as Temporal Cloud does: TLS always; a client certificate or an API key; namespaces named
 * in a header; the operator's service closed, so that search attributes are made elsewhere. What is allowed goes through.
 */
export async function startTemporalGateway(
  address: string,
  options: GatewayOptions,
): Promise<TemporalGateway> {
  const { certificates, admits } = options;
  const calls: GatewayCall[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const upstream = connect(`http://${address}`);
  upstream.on('error', () => undefined);

  function refusalOf(path: string, call: GatewayCall): [number, string] | undefined {
    if (admits !== 'certificate' && call.authorization !== `Bearer ${admits.apiKey}`)
      return [UNAUTHENTICATED, 'Request unauthorized.'];
    if (path.includes('operatorservice')) return [PERMISSION_DENIED, 'Request unauthorized.'];
    return undefined;
  }

  function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { ':path': path, ':method': method } = headers;
    const call = upstream.request({ ...withoutPseudo(headers), ':method': method, ':path': path });
    let trailers: OutgoingHttpHeaders = {};
    call.on('response', (answer, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (stream.destroyed) return;
      stream.respond(
        { ...withoutPseudo(answer), ':status': answer[':status'] },
        { endStream, waitForTrailers: !endStream },
      );
    });
    call.on('trailers', (last: IncomingHttpHeaders) => (trailers = withoutPseudo(last)));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    call.on('error', () => stream.destroy());
    stream.on('error', () => undefined);
    stream.on('close', () => call.close(constants.NGHTTP2_CANCEL));
    stream.pipe(call);
    call.pipe(stream);
  }

  const server = createSecureServer({
    cert: readFileSync(certificates.server.certificate),
    key: readFileSync(certificates.server.key),
    ca: readFileSync(certificates.authority),
    requestCert: admits === 'certificate',
    rejectUnauthorized: admits === 'certificate',
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const client = (stream.session?.socket as TLSSocket).getPeerCertificate().subject as
      { CN?: string } | undefined;
    const call = {
      method: path.split('/').at(-1) ?? '',
      authorization: headers.authorization,
      namespace: text(headers['temporal-namespace']),
      client: client?.CN,
    };
    calls.push(call);
    const refusal = refusalOf(path, call);
    if (refusal) refuse(stream, ...refusal);
    else forward(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    async close() {
      sessions.forEach((session) => session.destroy());
      upstream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
