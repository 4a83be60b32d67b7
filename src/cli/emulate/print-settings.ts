import { printJson } from '../../support/json.js';
import { UsageError } from '../support/exit.js';

type Settings = Readonly<Record<string, string>>;

const FORMS: Readonly<Record<string, (settings: Settings) => string>> = {
  sh: (settings) => lines(settings, (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`),
  powershell: (settings) => lines(settings, (name, value) => `$env:${name} = '${value.replace(QUOTES, '$&$&')}'`),
  // The values are addresses, words and a certificate: nothing in them but line ends has to be escaped.
  env: (settings) => lines(settings, (name, value) => `${name}="${value.replaceAll('\n', '\\n')}"`),
  json: printJson,
};

function lines(settings: Settings, one: (name: string, value: string) => string): string {
  return Object.entries(settings)
    .map(([name, value]) => `${one(name, value)}\n`)
    .join('');
}

/** To PowerShell the typographic ones, which a folder's name may well have, are quotes as well. */
const QUOTES = /['\u2018-\u201b]/g;

/** A function that writes settings for a shell or a program to read. */
export function settingsPrinter(form: string): (settings: Settings) => string {
  const print = Object.hasOwn(FORMS, form) ? FORMS[form] : undefined;
  if (print) return print;
  throw new UsageError('--format is not known.', `It is one of ${Object.keys(FORMS).join(', ')}.`);
}
