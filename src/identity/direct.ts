import type { Clock } from '../support/clock.js';
import { createConnections, serverName } from '../support/connections.js';
import { fail, type Result } from '../support/failure.js';
import { type HttpResult, sendRequest } from '../support/http.js';
import { otherCertificate, type TokenContext, tokenProblem } from './failure.js';
import { type PinnedTrust, pinCertificate } from './pinned.js';
import { type TokenRequest, tokenRequest } from './protocol.js';
import { type AccessToken, MAX_REPLY_BYTES, readTokenReply } from './reply.js';
import type { DirectSource } from './source.js';

const TRY_TIMEOUT_MS = 10_000;

/** Asks an identity endpoint of our own lane once. */
export async function requestToken(
  source: DirectSource,
  resource: string,
  context: TokenContext,
  { clock, remainingMs, onRequest }: { clock: Clock; remainingMs: number; onRequest: () => void },
): Promise<Result<AccessToken>> {
  const built = tokenRequest(source, resource, context.identity);
  if (!built.ok) return built;
  const endMs = clock.monotonic() + Math.min(TRY_TIMEOUT_MS, remainingMs);
  const leftMs = () => Math.max(1, endMs - clock.monotonic());
  let trust: PinnedTrust = {};
  if (source.name === 'service-fabric') {
    const pinned = await pinCertificate(addressOf(built.value.url), source.thumbprint, leftMs());
    if (!pinned.ok) {
      const { problem } = pinned;
      return fail(problem === 'other-certificate' ? otherCertificate(context) : tokenProblem(problem, context));
    }
    trust = pinned.trust;
  }
  const ask = (request: TokenRequest) => {
    onRequest();
    return send(request, trust, leftMs());
  };
  let result = await ask(built.value);
  if (built.value.fallback && result.ok && [404, 405, 501].includes(result.reply.status)) {
    result = await ask(built.value.fallback);
  }
  return result.ok ? readTokenReply(result.reply, context, clock.now()) : fail(tokenProblem(result.problem, context));
}

async function send(
  { url, method, headers, body }: TokenRequest,
  trust: PinnedTrust,
  timeoutMs: number,
): Promise<HttpResult> {
  const address = addressOf(url);
  // Straight to it, whatever NODE_USE_ENV_PROXY says: the header must not go through a proxy.
  const connections = createConnections(() =>
    url.protocol === 'https:'
      ? process.getBuiltinModule('node:tls').connect({
          ...address,
          servername: serverName(address.host),
          ...trust,
          rejectUnauthorized: true,
        })
      : process.getBuiltinModule('node:net').connect(address),
  );
  const result = await sendRequest({
    connections,
    method,
    path: `${url.pathname}${url.search}`,
    host: url.host,
    headers: { ...headers, Connection: 'close' },
    body,
    timeoutMs,
    maxBytes: MAX_REPLY_BYTES,
  });
  connections.rest();
  return result;
}

function addressOf(url: URL): { host: string; port: number } {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
}
