// In the place of the package's own, which names packages that it does not bring.
import type { SecretLintRulePresetCreator } from '@secretlint/types';
export declare const creator: SecretLintRulePresetCreator;
