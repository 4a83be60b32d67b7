import type { Clock } from '../support/clock.js';
import { fail, type Result } from '../support/failure.js';
import { type HttpResult, sendRequest } from '../support/http.js';
import { type TokenRequest, tokenRequest } from './protocol.js';
import { type AccessToken, readTokenReply, type TokenContext, tokenProblem } from './reply.js';
import type { DirectSource } from './source.js';

const MAX_REPLY_BYTES = 256 * 1024;
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
  const timeoutMs = Math.min(TRY_TIMEOUT_MS, remainingMs);
  const ask = (request: TokenRequest) => {
    onRequest();
    return send(request, timeoutMs);
  };
  let result = await ask(built.value);
  if (built.value.fallback && result.ok && [404, 405, 501].includes(result.reply.status)) {
    result = await ask(built.value.fallback);
  }
  return result.ok ? readTokenReply(result.reply, context, clock.now()) : fail(tokenProblem(result.problem, context));
}

async function send({ url, method, headers, body }: TokenRequest, timeoutMs: number): Promise<HttpResult> {
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  // An agent of its own: NODE_USE_ENV_PROXY=1 proxies the global one, and the header would go there.
  const agent =
    protocol === 'https:'
      ? new (process.getBuiltinModule('node:https').Agent)({ rejectUnauthorized: true })
      : new (process.getBuiltinModule('node:http').Agent)();
  try {
    return await sendRequest({
      protocol,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port) || (protocol === 'https:' ? 443 : 80),
      path: `${url.pathname}${url.search}`,
      method,
      headers: { ...headers, ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }) },
      ...(body !== undefined && { body }),
      agent,
      timeoutMs,
      maxBytes: MAX_REPLY_BYTES,
    });
  } finally {
    agent.destroy();
  }
}
