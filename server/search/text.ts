/** Splits at a separator that no backslash precedes (FHIR R4, 3.1.1.4.0.5 Escaping Search Parameters). */
export function splitUnescaped(text: string, separator: ',' | '$' | '|'): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '\\' && i + 1 < text.length) {
      part += char + text.charAt(i + 1);
      i += 1;
    } else if (char === separator) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part];
}

/** Takes the backslashes away that escape `,`, `$`, `|` and `\`. */
export function unescapeValue(text: string): string {
  return text.replace(/\\([,$|\\])/g, '$1');
}

/** A pattern for LIKE that matches the text itself. */
export function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
