// The Function App of this repository. The settings have their values before anything below is loaded.
import 'vaultstrap/register';
import { registerRotation } from 'vaultstrap/functions';
import './rotateSecrets.js';
import './secretChanged.js';
import './secretsStatus.js';

registerRotation();
