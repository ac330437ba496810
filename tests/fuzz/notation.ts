/** An ELM expression in short, for people: `Overlaps[Interval(1, 3], null as Integer]`. What matters is kept, types aside. */
export function notation(value: unknown): string {
  if (Array.isArray(value)) return value.map(notation).join(', ');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const { type, ...all } = value as { readonly [name: string]: unknown };
  const rest = Object.entries(all).filter(([name]) => !name.startsWith('resultType') && name !== 'strict');
  const parts = new Map(rest);
  switch (type) {
    case 'Literal':
      return String(parts.get('valueType')).endsWith('String')
        ? JSON.stringify(parts.get('value'))
        : `${parts.get('value')}`;
    case 'Null':
      return 'null';
    case 'Quantity':
      return `${parts.get('value')} '${parts.get('unit')}'`;
    case 'Date':
    case 'DateTime':
    case 'Time':
      return `${type}(${[...parts.values()].map(notation).join('-')})`;
    case 'List':
      return `{${notation(parts.get('element'))}}`;
    case 'Interval':
      return `Interval${parts.get('lowClosed') === false ? '(' : '['}${notation(parts.get('low'))}, ${notation(parts.get('high'))}${parts.get('highClosed') === false ? ')' : ']'}`;
    case 'AliasRef':
    case 'ExpressionRef':
      return String(parts.get('name'));
    case 'Property':
      return `${notation(parts.get('source'))}.${parts.get('path')}`;
    case 'As':
      return `(${notation(parts.get('operand'))} as ${nameOf(parts.get('asType') ?? parts.get('asTypeSpecifier'))})`;
    default: {
      const inside = rest.map(([name, part]) => (name === 'operand' ? notation(part) : `${name}: ${notation(part)}`));
      return typeof type === 'string' ? `${type}(${inside.join(', ')})` : `(${inside.join(', ')})`;
    }
  }
}

function nameOf(type: unknown): string {
  if (typeof type === 'string') return type.replace(/^\{.*\}/, '');
  if (typeof type !== 'object' || type === null) return '?';
  const { name, elementType, pointType } = type as { readonly [part: string]: unknown };
  if (elementType !== undefined) return `List<${nameOf(elementType)}>`;
  return pointType === undefined ? nameOf(name) : `Interval<${nameOf(pointType)}>`;
}
