/** Where a topic's events come from: gaps that opened and closed, or Groups that changed. */
export type EventSource = 'gap' | 'group';

export interface SubscriptionTopic {
  /** Id of the Basic resource that stands for it in R4. */
  readonly id: string;
  readonly canonical: string;
  readonly title: string;
  readonly description: string;
  readonly source: EventSource;
  /** Of gaps: which events; null for all of the source. */
  readonly kind: 'gap-opened' | 'gap-closed' | null;
  /** Type of the focus of its notifications. */
  readonly focus: 'DetectedIssue' | 'Group';
  /** Types that whoever subscribes must be allowed to read, as who asks for the same. */
  readonly reads: readonly string[];
  /** Types that a filter may name before its `?`. */
  readonly filterTypes: readonly string[];
  readonly filters: readonly FilterName[];
}

export type FilterName = 'patient' | 'measure' | 'group' | 'practitioner';

const ofGaps = {
  source: 'gap',
  focus: 'DetectedIssue',
  reads: ['Measure', 'Patient'],
  filterTypes: ['DetectedIssue', 'MeasureReport', 'Patient'],
  filters: ['patient', 'measure', 'group', 'practitioner'],
} as const;

/** What can be subscribed to (Subscriptions R5 Backport, components.html#subscription-topics). */
export const subscriptionTopics: readonly SubscriptionTopic[] = [
  {
    id: 'subscription-topic-gap-opened',
    canonical: 'http://gapless.health/SubscriptionTopic/gap-opened',
    title: 'A gap in care opened',
    description:
      'A patient has a gap in a measure that was not there before: open, or prospective while it can still be met in time. Told again when a prospective gap is open because its period is over.',
    kind: 'gap-opened',
    ...ofGaps,
  },
  {
    id: 'subscription-topic-gap-closed',
    canonical: 'http://gapless.health/SubscriptionTopic/gap-closed',
    title: 'A gap in care closed',
    description:
      'A gap of a patient is no more: the care was given, the patient is excluded or no longer in the measure, or the measure is no longer kept.',
    kind: 'gap-closed',
    ...ofGaps,
  },
  {
    id: 'subscription-topic-atr-list-change',
    canonical: 'http://hl7.org/fhir/us/davinci-atr/SubscriptionTopic/atr-list-change',
    title: 'A member attribution list changed',
    description: 'A Group was created, changed or deleted (Da Vinci ATR, Subscriptions).',
    source: 'group',
    kind: null,
    focus: 'Group',
    reads: ['Group'],
    filterTypes: ['Group'],
    filters: ['group'],
  },
];

/** By its canonical, with or without a version; null for one that is not supported. */
export function topicOf(canonical: string): SubscriptionTopic | null {
  const url = canonical.split('|', 1)[0];
  return subscriptionTopics.find((topic) => topic.canonical === url) ?? null;
}

const r5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic';

/** R4 has no SubscriptionTopic: as a Basic with the elements of R5 as extensions (Backport, components.html). */
export function topicResource(topic: SubscriptionTopic): object {
  const { id, canonical, title, description, focus, filterTypes, filters } = topic;
  return {
    resourceType: 'Basic',
    id,
    extension: [
      { url: `${r5}.url`, valueUri: canonical },
      { url: `${r5}.title`, valueString: title },
      { url: `${r5}.description`, valueMarkdown: description },
      {
        url: `${r5}.resourceTrigger`,
        extension: [
          { url: 'description', valueMarkdown: description },
          { url: 'resource', valueUri: `http://hl7.org/fhir/StructureDefinition/${focus}` },
        ],
      },
      ...filters.map((name) => ({
        url: `${r5}.canFilterBy`,
        extension: [
          { url: 'description', valueMarkdown: filterMeanings[name] },
          { url: 'resource', valueUri: filterTypes[0] },
          { url: 'filterParameter', valueString: name },
        ],
      })),
      { url: `${r5}.notificationShape`, extension: [{ url: 'resource', valueUri: focus }] },
    ],
    modifierExtension: [{ url: `${r5}.status`, valueCode: 'active' }],
    code: { coding: [{ system: 'http://hl7.org/fhir/fhir-types', code: 'SubscriptionTopic' }] },
  };
}

const filterMeanings: Readonly<Record<FilterName, string>> = {
  patient: 'Only of this patient: Patient/123.',
  measure: 'Only of this measure: its canonical, with or without a version.',
  group: 'Only of members of this Group that are not inactive; of list changes: only of this Group.',
  practitioner: 'Only of patients whose generalPractitioner it is: Practitioner, PractitionerRole or Organization.',
};
