/**
 * Whether a text has the shape of a timer's schedule: NCRONTAB of 5 or 6 fields, or a time span. The host has the last word.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 */
export function isSchedule(text: string): boolean {
  return /^(?:\d+\.)?\d{1,2}:\d{2}(?::\d{2})?$/.test(text) || /^[\d*,/a-z-]+(?: +[\d*,/a-z-]+){4,5}$/i.test(text);
}
