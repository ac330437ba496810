import { SaxesParser } from 'saxes';
import { xhtmlNamespace } from './layout.ts';

/**
 * The `div` of a Narrative for an XML document: as it is when it is one element of XHTML, otherwise as text within one.
 * Nothing that a narrative holds can end the element that it stands in.
 */
export function narrativeXml(div: string): string {
  return isOneDiv(div) ? div : `<div xmlns="${xhtmlNamespace}">${asText(div)}</div>`;
}

/** A `div` of XHTML by itself: well-formed, without named entities beyond XML's five, nothing before or after it. */
function isOneDiv(text: string): boolean {
  if (!text.startsWith('<div')) return false;
  const parser = new SaxesParser({ xmlns: true });
  let good = true;
  let first = true;
  parser.on('error', () => {
    good = false;
  });
  parser.on('doctype', () => {
    good = false;
  });
  parser.on('opentag', ({ name, uri }) => {
    if (uri !== xhtmlNamespace || (first && name !== 'div')) good = false;
    first = false;
  });
  parser.write(text).close();
  return good;
}

function asText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
