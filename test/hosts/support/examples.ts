/** Started by servers.test.ts. */
export const SERVERS = ['express', 'fastify', 'monorepo', 'container', 'worker-threads'] as const;
/** Started by functions.test.ts. */
export const FUNCTION_APPS = ['functions-typescript', 'functions-esm', 'functions-bundled'] as const;
/** Their packages are not those of this repository: started by installed.test.ts, which is not part of npm test. */
const INSTALLED = ['nestjs', 'nextjs', 'pm2'] as const;
/** Each by the test of its name. */
const OTHERS = ['pipeline'] as const;

export const TESTED: readonly string[] = [...SERVERS, ...FUNCTION_APPS, ...INSTALLED, ...OTHERS];
