import type { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { serverName } from '../support/connections.js';
import { safeCause } from '../support/failure.js';
import { type HttpProblem, kindOf } from '../support/http.js';
import { clearTimeout, setTimeout } from '../support/timers.js';

/** What to demand of the connection that carries the header. */
export type PinnedTrust = Pick<ConnectionOptions, 'ca' | 'allowPartialTrustChain' | 'checkServerIdentity'>;

type PinResult =
  | { readonly ok: true; readonly trust: PinnedTrust }
  | { readonly ok: false; readonly problem: HttpProblem | 'other-certificate' };

/** 40 hexadecimal digits in upper case, however they were written; `undefined` for anything else. */
export function parseThumbprint(text: string): string | undefined {
  const digits = text.replace(/[\s:]/g, '').toUpperCase();
  return /^[0-9A-F]{40}$/.test(digits) ? digits : undefined;
}

/**
 * A handshake that carries nothing, to see the certificate. If it is the pinned one, it becomes the only one that
 * the next connection trusts, and its thumbprint is compared there again: who answers may have changed meanwhile.
 */
export async function pinCertificate(
  { host, port }: { readonly host: string; readonly port: number },
  thumbprint: string,
  timeoutMs: number,
): Promise<PinResult> {
  const shown = await showCertificate(host, port, timeoutMs);
  if ('kind' in shown) return { ok: false, problem: shown };
  if (parseThumbprint(shown.fingerprint) !== thumbprint) return { ok: false, problem: 'other-certificate' };
  return {
    ok: true,
    trust: {
      ca: shown.toString(),
      // A certificate that somebody issued: the issuer is unknown here, and of no interest.
      allowPartialTrustChain: true,
      // Instead of the host's name, which a certificate of the cluster does not have.
      checkServerIdentity: (_host, { fingerprint }) => refuseOther(fingerprint, thumbprint),
    },
  };
}

/** `undefined`, as Node asks for, when it is the pinned one. */
export function refuseOther(fingerprint: string | undefined, thumbprint: string): Error | undefined {
  if (parseThumbprint(fingerprint ?? '') === thumbprint) return undefined;
  return Object.assign(new Error('Another certificate.'), { code: 'ERR_TLS_THUMBPRINT' });
}

function showCertificate(host: string, port: number, timeoutMs: number): Promise<X509Certificate | HttpProblem> {
  const { connect } = process.getBuiltinModule('node:tls');
  return new Promise((resolve) => {
    // Nothing is sent here, so nothing is trusted here; with `true` the certificate could not be looked at.
    const socket = connect({ host, port, servername: serverName(host), rejectUnauthorized: false }).unref();
    const settle = (outcome: X509Certificate | HttpProblem) => {
      clearTimeout(timer);
      resolve(outcome);
      // Politely, where there was an answer: the other side sees a connection end, not break.
      if ('kind' in outcome) socket.destroy();
      else socket.destroySoon();
    };
    const timer = setTimeout(() => settle({ kind: 'timeout', cause: {} }), timeoutMs).unref();
    socket.on('error', (error) => {
      const cause = safeCause(error);
      settle({ kind: kindOf(cause), cause });
    });
    socket.once('close', () => settle({ kind: 'network', cause: { code: 'ECONNRESET' } }));
    socket.once('secureConnect', () =>
      settle(socket.getPeerX509Certificate() ?? { kind: 'tls', cause: { code: 'ERR_TLS_NO_CERTIFICATE' } }),
    );
  });
}
