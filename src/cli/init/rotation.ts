/** The functions that are asked for beside the hooks; each needs something of the app, so none comes by itself. */
export interface RotationFlags {
  readonly timer?: true;
  readonly events?: true;
  readonly status?: true;
}

export function rotationCall({ timer, events, status }: RotationFlags): string {
  const asked = Object.entries({ timer, events, status }).filter(([, flag]) => flag);
  const options = asked.map(([name]) => `${name}: true`).join(', ');
  return options ? `registerRotation({ ${options} });` : 'registerRotation();';
}
