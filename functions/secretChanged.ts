// Event Grid: a new version of a secret is read within seconds.
import { app } from '@azure/functions';
import { secretChanged } from 'vaultstrap/functions';

app.eventGrid('secretChanged', { handler: secretChanged });
