import type { ElmNode } from '../elm.ts';
import { CqlError } from '../errors.ts';

/** ELM that is no ELM: a node without what it must have. */
export class MalformedElm extends CqlError {
  override readonly name = 'MalformedElm';
  readonly node: string;
  readonly part: string;
  constructor({ type = 'node', locator }: ElmNode, part: string) {
    super(`ELM ${type} without ${part}${locator === undefined ? '' : ` (at ${locator})`}`);
    this.node = type;
    this.part = part;
  }
}

/** A node below `node`. @throws MalformedElm when there is none */
export function child(node: ElmNode, part: string): ElmNode {
  const found = optionalChild(node, part);
  if (found === null) throw new MalformedElm(node, part);
  return found;
}

export function optionalChild(node: ElmNode, part: string): ElmNode | null {
  const found = node[part];
  return isNode(found) ? found : null;
}

/** The nodes of a list, or the single node, below `node`; empty when there is none. */
export function children(node: ElmNode, part: string): readonly ElmNode[] {
  const found = node[part];
  if (Array.isArray(found)) return found.filter(isNode);
  return isNode(found) ? [found] : [];
}

/** The operands of an operator, by whichever of its names ELM uses. */
export function operands(node: ElmNode): readonly ElmNode[] {
  return children(node, 'operand');
}

/** @throws MalformedElm when there is none */
export function operand(node: ElmNode, index: number): ElmNode {
  const found = operands(node)[index];
  if (found === undefined) throw new MalformedElm(node, `operand ${index + 1}`);
  return found;
}

/** @throws MalformedElm when there is none */
export function text(node: ElmNode, part: string): string {
  const found = optionalText(node, part);
  if (found === null) throw new MalformedElm(node, part);
  return found;
}

export function optionalText(node: ElmNode, part: string): string | null {
  const found = node[part];
  return typeof found === 'string' ? found : null;
}

export function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
