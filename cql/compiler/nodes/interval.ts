import * as runtime from '../../runtime/index.ts';
import { operators } from './operators.ts';

const { Collapse, Contains, End, Ends, Except, Expand, In, IncludedIn, Includes, Intersect, Meets, MeetsAfter } =
  runtime;
const { MeetsBefore, Overlaps, OverlapsAfter, OverlapsBefore, PointFrom, ProperContains, ProperIn } = runtime;
const { ProperIncludedIn, ProperIncludes, Size, Start, Starts, Union, Width } = runtime;

/** 19. Interval operators; those that lists have as well tell by their operands. */
export const intervals = [
  ...operators({ End, Except, Intersect, PointFrom, Size, Start, Width }),
  ...operators({ Union }),
  ...operators(
    {
      Contains,
      Ends,
      In,
      IncludedIn,
      Includes,
      Meets,
      MeetsAfter,
      MeetsBefore,
      Overlaps,
      OverlapsAfter,
      OverlapsBefore,
      ProperContains,
      ProperIn,
      ProperIncludedIn,
      ProperIncludes,
      Starts,
    },
    { precision: true },
  ),
  ...operators({ Collapse, Expand }, { exactly: 2, environment: true }),
];
