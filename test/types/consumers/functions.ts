// `vaultstrap/functions` beside the `@azure/functions` that an app of it has. As api.ts.
import { app } from '@azure/functions';
import 'vaultstrap/register';
import {
  type RotationOptions,
  registerRotation,
  rotateSecrets,
  rotationSchedule,
  secretChanged,
  secretsStatus,
} from 'vaultstrap/functions';

const options: RotationOptions = {
  maxAgeSeconds: 60,
  timer: { runOnStartup: true, useMonitor: false },
  schedule: '0 */5 * * * *',
  events: true,
  status: true,
};
registerRotation(options);
registerRotation();
const schedule: string = rotationSchedule();
app.timer('rotateSecrets', { schedule, handler: rotateSecrets });
app.eventGrid('secretChanged', { handler: secretChanged });
app.http('secretsStatus', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'vaultstrap/status',
  handler: secretsStatus,
});

// @ts-expect-error a number of seconds
registerRotation({ maxAgeSeconds: '60' });
// @ts-expect-error yes or no
registerRotation({ status: 'anonymous' });
// @ts-expect-error no such option
registerRotation({ interval: 5 });
