/** App settings as a process sees them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The only place that reads `process.env`. A copy: later stages never see it change under them. */
export function readEnvironment(): Environment {
  return { ...process.env };
}

/**
 * The real thing, for those who read a few variables of it at once and keep none: a copy of everything
 * costs more than all their questions.
 */
export function liveEnvironment(): Environment {
  return process.env;
}

/** One variable, read afresh. */
export function readVariable(name: string): string | undefined {
  return process.env[name];
}

/** Whether a variable exists, without making a string of its value: the cheapest question there is. */
export function hasVariable(name: string): boolean {
  return name in process.env;
}
