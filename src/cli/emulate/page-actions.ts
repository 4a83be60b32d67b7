import { parseJson } from '../../support/json.js';
import type { Emulator, Fault } from '../../testing/index.js';
import { placeholderValue } from './placeholders.js';

/** What a form asked for could not be done; says why to the person. */
export class ActionError extends Error {}

/** Faults that the page offers, by the name of the choice. */
export const FAULTS: Readonly<Record<string, { readonly label: string; readonly fault: Omit<Fault, 'target'> }>> = {
  'status-503': { label: 'answer 503 (an outage)', fault: { status: 503 } },
  'status-429': { label: 'answer 429 (throttled)', fault: { status: 429, headers: { 'Retry-After': '2' } } },
  'status-403': { label: 'answer 403 (refused)', fault: { status: 403 } },
  delay: { label: 'take 3 s longer', fault: { delayMs: 3000 } },
  hang: { label: 'never answer', fault: { hang: true } },
  reset: { label: 'break the connection', fault: { reset: true } },
  truncate: { label: 'tear the answer in half', fault: { truncate: true } },
};

type Action = (azure: Emulator, form: URLSearchParams) => Promise<unknown>;

const ofSecret = (act: (vault: ReturnType<Emulator['vault']>, secret: string) => Promise<unknown>): Action => {
  return (azure, form) => act(azure.vault(form.get('vault') ?? ''), form.get('secret') ?? '');
};

const ACTIONS: Readonly<Record<string, Action>> = {
  rotate: ofSecret(async (vault, secret) => {
    const { value, contentType, pem } = await vault.get(secret);
    const number = (await vault.versions(secret)).length + 1;
    const next = rotated(value, `${placeholderValue(vault.name, secret)}-${number}`);
    await vault.set(secret, {
      value: next,
      ...(contentType !== undefined && { contentType }),
      // A certificate stays one, for whoever reads it with Format=pem.
      ...(pem !== undefined && { pem: 'self-signed' }),
    });
  }),
  disable: ofSecret((vault, secret) => vault.disable(secret)),
  enable: ofSecret((vault, secret) => vault.enable(secret)),
  delete: ofSecret((vault, secret) => vault.delete(secret)),
  recover: ofSecret((vault, secret) => vault.recover(secret)),
  'add-fault': (azure, form) => azure.faults.add(faultOf(form)),
  'remove-fault': (azure, form) => azure.faults.remove(Number(form.get('id'))),
  'clear-requests': (azure) => azure.requests.clear(),
};

/** @throws ActionError */
export async function perform(azure: Emulator, form: URLSearchParams): Promise<void> {
  const name = form.get('action') ?? '';
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new ActionError('There is no such action.');
  try {
    await action(azure, form);
  } catch (error) {
    // The emulator's errors name vaults and secrets, and quote no value.
    throw new ActionError(error instanceof Error ? error.message : 'That could not be done.');
  }
}

function faultOf(form: URLSearchParams): Fault {
  const kind = form.get('kind') ?? '';
  const known = Object.hasOwn(FAULTS, kind) ? FAULTS[kind] : undefined;
  if (!known) throw new ActionError('There is no such fault.');
  const [target, vault] = (form.get('target') ?? '').split('/', 2);
  return {
    target: target === 'identity' ? 'identity' : 'vault',
    ...(vault && { vault }),
    ...(form.get('times') === '1' && { times: 1 }),
    ...known.fault,
  };
}

/** Another value of the same shape: whoever reads a field of a JSON secret still finds it. */
function rotated(value: string, text: string): string {
  const parsed = parseJson(value);
  if (typeof parsed !== 'object' || parsed === null) return text;
  let leaf = 0;
  return JSON.stringify(parsed, (_key, item: unknown) => (typeof item === 'string' ? `${text}-${++leaf}` : item));
}
