// An entry of two lines: the frameworks' module graph is loaded while the thread fetches.
import 'vaultstrap/start';

await import('./frameworks.mjs');
await import('vaultstrap/register');
await import('./app.cjs');
