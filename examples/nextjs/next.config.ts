import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'standalone',
  // Not bundled: one copy of it, with all its files, in the server's node_modules.
  serverExternalPackages: ['vaultstrap'],
};

export default config;
