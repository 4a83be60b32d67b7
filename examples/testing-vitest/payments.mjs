// The app: a module whose key is a reference in the settings.
import 'vaultstrap/register';
import { requireSettings } from 'vaultstrap';

// Read where it is used: a rotation changes it while the app runs.
export const authorization = () => `Bearer ${requireSettings('API_KEY').API_KEY}`;
