import * as runtime from '../../runtime/index.ts';
import { operators } from './operators.ts';

const { DateFrom, DateTimeComponentFrom, DifferenceBetween, DurationBetween, NewDate, NewDateTime, NewTime, Now } =
  runtime;
const { After, Before, SameAs, SameOrAfter, SameOrBefore, TimeFrom, TimeOfDay, TimezoneOffsetFrom, Today } = runtime;

const day = ['year', 'month', 'day'];
const time = ['hour', 'minute', 'second', 'millisecond'];

/** 18. Date and time operators, and the timing operators that 19 shares with them. */
export const dateTime = [
  ...operators({ DateTime: NewDateTime }, { parts: [...day, ...time, 'timezoneOffset'], environment: true }),
  ...operators({ Date: NewDate }, { parts: day }),
  ...operators({ Time: NewTime }, { parts: time }),
  ...operators({ Now, TimeOfDay, Today }, { parts: [], environment: true }),
  ...operators({ DateFrom, TimeFrom, TimezoneOffsetFrom, TimezoneFrom: TimezoneOffsetFrom }),
  ...operators(
    {
      After,
      Before,
      DateTimeComponentFrom,
      DifferenceBetween,
      DurationBetween,
      SameAs,
      SameOrAfter,
      SameOrBefore,
    },
    { precision: true },
  ),
];
