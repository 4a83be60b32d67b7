import { build } from 'esbuild';

const common = {
  entryPoints: ['src/index.ts'],
  bundle: true,
  platform: 'node',
  target: 'node22',
  logLevel: 'warning',
};

// CommonJS: one file, nothing to install beside it. The worker itself provides @azure/functions-core.
await build({ ...common, format: 'cjs', outfile: 'dist/index.cjs', external: ['@azure/functions-core'] });

// ESM: what is not in the bundle runs before all that is, so either nothing of node_modules is bundled, or you see
// raw references. Deploy it with node_modules, and "main": "dist/index.mjs".
await build({ ...common, format: 'esm', outfile: 'dist/index.mjs', packages: 'external' });
