import type { NodeDefinition } from '../node.ts';
import { aggregates } from './aggregate.ts';
import { arithmetic } from './arithmetic.ts';
import { clinical } from './clinical.ts';
import { comparison } from './comparison.ts';
import { conditional } from './conditional.ts';
import { dateTime } from './date-time.ts';
import { external } from './external.ts';
import { intervals } from './interval.ts';
import { lists } from './lists.ts';
import { literals } from './literals.ts';
import { logical } from './logical.ts';
import { messages } from './message.ts';
import { nullological } from './nullological.ts';
import { properties } from './property.ts';
import { queries } from './query.ts';
import { references } from './references.ts';
import { strings } from './string.ts';
import { types } from './types.ts';

/** Every ELM node that the engine knows, by chapter. */
export const nodes: readonly NodeDefinition[] = [
  ...literals,
  ...properties,
  ...references,
  ...queries,
  ...external,
  ...comparison,
  ...logical,
  ...nullological,
  ...conditional,
  ...arithmetic,
  ...strings,
  ...dateTime,
  ...intervals,
  ...lists,
  ...aggregates,
  ...clinical,
  ...types,
  ...messages,
];
