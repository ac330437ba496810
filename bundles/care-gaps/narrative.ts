import type { Narrative } from '@medplum/fhirtypes';
import type { GapAnswer, GapStatus } from '../../measures/index.ts';

const statusWords: Readonly<Record<GapStatus, string>> = {
  'open-gap': 'Open gap',
  'closed-gap': 'Closed gap',
  'prospective-gap': 'Prospective gap',
  'not-applicable': 'Not applicable',
};

/** What a person reads of one measure: each group's status, the reasons and what would close the gap. */
export function gapsNarrative(gaps: readonly GapAnswer[]): Narrative {
  const several = gaps.length > 1;
  return narrative(
    gaps
      .map((gap) => {
        const rate = several && gap.group.description !== null ? ` (${escapeXml(gap.group.description.trim())})` : '';
        return [
          `<p><b>${statusWords[gap.status]}</b>${rate}</p>`,
          listOf('Why', gap.reasons),
          listOf('What would close it', gap.nextSteps),
        ].join('');
      })
      .join(''),
  );
}

/** What a person reads first: the measures with their status. */
export function overviewNarrative(measures: readonly { title: string; gaps: readonly GapAnswer[] }[]): Narrative {
  const rows = measures.map(
    ({ title, gaps }) =>
      `<tr><td>${escapeXml(title)}</td><td>${gaps.map(({ status }) => statusWords[status]).join(', ')}</td></tr>`,
  );
  return narrative(
    `<table><thead><tr><th>Measure</th><th>Status</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  // Control characters other than tab and line breaks have no place in XML at all.
  return text.replace(/(?![\t\n\r])\p{Cc}/gu, '').replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function narrative(content: string): Narrative {
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>` };
}

function listOf(heading: string, items: readonly { readonly text: string }[]): string {
  if (items.length === 0) return '';
  return `<p>${heading}</p><ul>${items.map(({ text }) => `<li>${escapeXml(text)}</li>`).join('')}</ul>`;
}
