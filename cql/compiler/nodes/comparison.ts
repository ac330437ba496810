import * as runtime from '../../runtime/index.ts';
import { operators } from './operators.ts';

const { Equal, Equivalent, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual } = runtime;

/** 12. Comparison operators. */
export const comparison = operators({ Equal, Equivalent, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual });
