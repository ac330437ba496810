import * as runtime from '../../runtime/index.ts';
import { operators } from './operators.ts';

const { Combine, Concatenate, EndsWith, Indexer, LastPositionOf, Length, Lower, Matches, PositionOf } = runtime;
const { ReplaceMatches, Split, SplitOnMatches, StartsWith, Substring, Upper } = runtime;

/** 17. String operators. */
export const strings = [
  ...operators({ Concatenate, EndsWith, Indexer, Length, Lower, Matches, ReplaceMatches, StartsWith, Upper }),
  ...operators({ Combine }, { parts: ['source', 'separator'] }),
  ...operators({ Split }, { parts: ['stringToSplit', 'separator'] }),
  ...operators({ SplitOnMatches }, { parts: ['stringToSplit', 'separatorPattern'] }),
  ...operators({ LastPositionOf, PositionOf }, { parts: ['pattern', 'string'] }),
  ...operators({ Substring }, { parts: ['stringToSub', 'startIndex', 'length'] }),
];
