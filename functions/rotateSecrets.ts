// On a schedule: VAULTSTRAP_SCHEDULE, or every five minutes. It wakes an app that has scaled to zero.
import { app } from '@azure/functions';
import { rotateSecrets, rotationSchedule } from 'vaultstrap/functions';

app.timer('rotateSecrets', { schedule: rotationSchedule(), handler: rotateSecrets });
