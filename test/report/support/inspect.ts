// Runs in the page, so it must be whole in itself: `page.evaluate` sends its text.

/** A piece of text as it is shown. */
export interface ShownText {
  readonly text: string;
  readonly tag: string;
  readonly className: string;
  readonly color: string;
  readonly background: string;
  /** By WCAG 2: 4.5 is enough for text of any size. */
  readonly contrast: number;
  readonly fontPx: number;
  /** In pixels from the left of the page. */
  readonly right: number;
}

export interface Shown {
  readonly texts: readonly ShownText[];
  /** The width that there is, and the width that the page takes. */
  readonly width: number;
  readonly scrollWidth: number;
}

/** What is used of the DOM: the project is compiled without its types. */
interface Element {
  readonly localName: string;
  readonly className: string;
  readonly parentElement: Element | null;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly nodeValue: string | null }>;
  getBoundingClientRect(): { readonly right: number; readonly width: number };
}
declare const document: {
  readonly body: { querySelectorAll(selector: string): Iterable<Element> };
  readonly documentElement: { readonly clientWidth: number; readonly scrollWidth: number };
};
declare function getComputedStyle(element: Element): {
  readonly color: string;
  readonly backgroundColor: string;
  readonly fontSize: string;
};

export function inspectPage(): Shown {
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = channels(color).map((channel) => {
      const c = channel / 255;
      return c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? backgroundOf(element.parentElement) : backgroundColor;
  };
  const texts: ShownText[] = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes]
      .filter(({ nodeType }) => nodeType === 3)
      .map(({ nodeValue }) => nodeValue ?? '');
    const text = own.join('').trim();
    if (text === '') continue;
    const { color, fontSize } = getComputedStyle(element);
    const background = backgroundOf(element);
    const [darker = 0, lighter = 0] = [luminance(color), luminance(background)].sort((a, b) => a - b);
    texts.push({
      text,
      tag: element.localName,
      className: element.className,
      color,
      background,
      contrast: (lighter + 0.05) / (darker + 0.05),
      fontPx: Number.parseFloat(fontSize),
      right: element.getBoundingClientRect().right,
    });
  }
  const { clientWidth, scrollWidth } = document.documentElement;
  return { texts, width: clientWidth, scrollWidth };
}
