// GET /api/vaultstrap/status, behind a function key.
import { app } from '@azure/functions';
import { secretsStatus } from 'vaultstrap/functions';

app.http('secretsStatus', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'vaultstrap/status',
  handler: secretsStatus,
});
