/**
 * Whether a request would rather have HTML than JSON, by its `Accept` header: only a browser names `text/html`
 * itself. A wildcard, or nothing, is JSON.
 */
export function prefersHtml(accept: string | null | undefined): boolean {
  const html = qualityOf('text/html', accept ?? '');
  return html > 0 && html >= qualityOf('application/json', accept ?? '');
}

function qualityOf(type: string, accept: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim());
    if (name !== type) continue;
    const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    return quality <= 1 ? quality : 0;
  }
  return 0;
}
