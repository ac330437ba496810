import type { Request, Response } from 'express';
import { NotAcceptable } from './xml/errors.ts';

/** The two formats of FHIR that are supported. */
export type Format = 'json' | 'xml';

const mediaTypes: Readonly<Record<string, Format>> = {
  json: 'json',
  'application/json': 'json',
  'application/fhir+json': 'json',
  'application/json+fhir': 'json',
  'text/json': 'json',
  xml: 'xml',
  'application/xml': 'xml',
  'application/fhir+xml': 'xml',
  'application/xml+fhir': 'xml',
  'text/xml': 'xml',
  'text/fhir+xml': 'xml',
};

/** What is taken for JSON in the header Accept: anything goes, and what other answers than resources are. */
const lenient = new Set(['*/*', 'application/*', 'text/html', 'application/fhir+ndjson', 'application/ndjson']);

/**
 * The format that a request wants (R4 http.html#mime-type): that of `_format`, which wins, or of the header Accept by its
 * weights. JSON where nothing decides; a browser gets JSON too, though it says that it takes XML.
 *
 * @throws NotAcceptable when it takes neither JSON nor XML of FHIR 4.0
 */
export function wantedFormat(accept: string | undefined, format: string | null): Format {
  if (format !== null && format !== '') {
    // An unescaped plus of application/fhir+xml reaches us as a space.
    const known = mediaTypes[essence(format).replaceAll(' ', '+')];
    if (known === undefined) throw new NotAcceptable('_format must be json or xml, or a media type of these');
    return known;
  }
  const ranges = (accept ?? '')
    .split(',')
    .flatMap(mediaRange)
    .filter(({ weight }) => weight > 0);
  if ((accept ?? '').trim() === '' || ranges.some(({ type }) => type === 'text/html')) return 'json';
  const best = ranges
    .flatMap(({ type, weight }) =>
      lenient.has(type) ? { format: 'json' as const, weight } : formatRange(type, weight),
    )
    .reduce<{ format: Format; weight: number } | null>((a, b) => (a === null || b.weight > a.weight ? b : a), null);
  if (best === null)
    throw new NotAcceptable('Accept names no format that is supported: application/fhir+json, application/fhir+xml');
  return best.format;
}

/** Is this content type XML? */
export function isXml(contentType: string | undefined): boolean {
  return mediaTypes[essence(contentType ?? '')] === 'xml';
}

/** Remembers the format that a request wants, for the answer and for what goes wrong on the way to it. */
export function rememberFormat(request: Request, response: Response): void {
  const query = new URL(request.url, 'http://localhost').searchParams;
  response.vary('Accept');
  response.locals['format'] = wantedFormat(request.get('accept'), query.get('_format'));
}

/** JSON where no format was asked for, or none that is supported. */
export function formatOf(response: Response): Format {
  return response.locals['format'] === 'xml' ? 'xml' : 'json';
}

function essence(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function formatRange(type: string, weight: number): { format: Format; weight: number }[] {
  const format = mediaTypes[type];
  return format === undefined ? [] : [{ format, weight }];
}

/** One range of Accept; none when it asks for another version of FHIR than ours. */
function mediaRange(range: string): { type: string; weight: number }[] {
  const [, version = '4.0'] = /;\s*fhirVersion\s*=\s*"?([\d.]+)/i.exec(range) ?? [];
  if (!/^4\.0(\.|$)/.test(version)) return [];
  const [, weight = '1'] = /;\s*q\s*=\s*([\d.]+)/i.exec(range) ?? [];
  return [{ type: essence(range), weight: Number(weight) }];
}
