/** The way to a secret, in the order in which it is gone. */
export const STEPS = {
  runtime: 'Process',
  settings: 'Settings of vaultstrap',
  references: 'References',
  identity: 'Identity',
  token: 'Token',
  network: 'Way to the vault',
  secrets: 'Secrets',
  clock: 'Clock',
  rights: 'Rights',
} as const;

export type Step = keyof typeof STEPS;

/** `unknown`: could not be looked at, for the reason given. */
export type Verdict = 'good' | 'warning' | 'bad' | 'unknown';

/** What was found at one step. Names, ids and times; never a value nor a token. */
export interface Finding {
  readonly step: Step;
  readonly verdict: Verdict;
  /** What it is about, where there are several: a setting, a vault, `vault/secret`. */
  readonly about?: string;
  readonly text: string;
  /** What to do, in words or as a command. */
  readonly remedy?: string;
  /** Lines below it, for people who want to know. */
  readonly more?: readonly string[];
  /** The same for machines, and what would be too much for people. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

type Rest = Omit<Finding, 'step' | 'verdict' | 'text'>;

export const good = (step: Step, text: string, rest: Rest = {}): Finding => ({ step, verdict: 'good', text, ...rest });
export const warning = (step: Step, text: string, remedy: string, rest: Rest = {}): Finding => ({
  step,
  verdict: 'warning',
  text,
  remedy,
  ...rest,
});
export const bad = (step: Step, text: string, remedy: string, rest: Rest = {}): Finding => ({
  step,
  verdict: 'bad',
  text,
  remedy,
  ...rest,
});
export const unknown = (step: Step, text: string, rest: Rest = {}): Finding => ({
  step,
  verdict: 'unknown',
  text,
  ...rest,
});
