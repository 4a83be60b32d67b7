// The functions of this repository's own app, and one that says what the smoke test asks.
import { asLoaded } from './raw.mjs';
import 'vaultstrap/register';
import { app } from '@azure/functions';
import { registerRotation } from 'vaultstrap/functions';
import { facts, mayAsk } from './facts.mjs';

registerRotation({ timer: true, events: true, status: true });

app.http('smoke', {
  methods: ['GET'],
  // Behind a key of its own, which exists while the smoke test runs.
  authLevel: 'anonymous',
  route: 'smoke',
  handler: async (request) => {
    if (!mayAsk(request.headers.get('x-smoke-key'))) return { status: 404 };
    return { jsonBody: await facts({ host: 'function', raw: asLoaded }), headers: { 'Cache-Control': 'no-store' } };
  },
});
