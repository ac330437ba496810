import * as runtime from '../../runtime/index.ts';
import { js } from '../code.ts';
import { operand } from '../elm-parts.ts';
import { defineNode } from '../node.ts';
import { operators } from './operators.ts';

const { Combine, Concatenate, EndsWith, Indexer, LastPositionOf, Lower, Matches, PositionOf } = runtime;
const { ReplaceMatches, Split, SplitOnMatches, StartsWith, Substring, Upper } = runtime;

/** 17.8. Length: of a list that is null 0, of a text that is null null. */
const Length = defineNode('Length', (node, cx) => {
  const inner = operand(node, 0);
  const length = js`${cx.use(runtime.Length)}(${cx.compile(inner)})`;
  return cx.typeOf(inner).kind === 'list' ? js`(${length} ?? 0)` : length;
});

/** 17. String operators. */
export const strings = [
  Length,
  ...operators({ Concatenate, EndsWith, Indexer, Lower, Matches, ReplaceMatches, StartsWith, Upper }),
  ...operators({ Combine }, { parts: ['source', 'separator'] }),
  ...operators({ Split }, { parts: ['stringToSplit', 'separator'] }),
  ...operators({ SplitOnMatches }, { parts: ['stringToSplit', 'separatorPattern'] }),
  ...operators({ LastPositionOf, PositionOf }, { parts: ['pattern', 'string'] }),
  ...operators({ Substring }, { parts: ['stringToSub', 'startIndex', 'length'] }),
];
