import { MARKER } from '../../../settings/scan.js';
import { isImpossibleName } from '../../support/local-settings.js';
import { type Finding, finding, type Span } from '../finding.js';
import type { SettingsFile } from './setting.js';

/** In a template only where a reference makes a setting of it: other members are called as they like. */
export function checkImpossible(file: SettingsFile): readonly Finding[] {
  const impossible = (span: Span, what: string, hint: string) =>
    finding(file.source, span, ['impossible-setting', 'error'], `${what}, which no environment variable can.`, hint);
  return file.settings.flatMap(({ name, value, nameAt, at }) => {
    if (file.kind === 'template' && !MARKER.test(value)) return [];
    const shown = JSON.stringify(name);
    const nul = value.indexOf('\0');
    return [
      ...(isImpossibleName(name)
        ? [
            impossible(
              nameAt,
              `${shown} holds = or a NUL character`,
              'App Service takes letters, digits, _ and . only.',
            ),
          ]
        : []),
      ...(nul >= 0 ? [impossible(at(nul, nul + 1), `${shown} has a NUL character in its value`, 'Take it out.')] : []),
    ];
  });
}
