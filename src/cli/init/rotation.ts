/** The functions that are asked for beside the hooks; each needs something of the app, so none comes by itself. */
export interface RotationFlags {
  readonly timer?: true;
  readonly events?: true;
  readonly status?: true;
}

/** Of the functions that are asked for. */
export function namesOf({ timer, events, status }: RotationFlags): readonly string[] {
  return Object.entries({ timer, events, status }).flatMap(([name, flag]) => (flag ? [name] : []));
}

export function rotationCall(flags: RotationFlags): string {
  const options = namesOf(flags).map((name) => `${name}: true`);
  return options.length > 0 ? `registerRotation({ ${options.join(', ')} });` : 'registerRotation();';
}
