// In the place of the package's own, which names packages that it does not bring.
import type { lintSource } from '@secretlint/core';

type Rule = Parameters<typeof lintSource>[0]['options']['config']['rules'][number];
export declare const creator: Extract<Rule, { rules?: unknown }>['rule'] & { readonly rules: object };
