/**
 * Reads a conformance resource from FHIR XML, as far as StructureDefinitions need it: `value` attributes become values,
 * `id` attributes ids, repeated elements arrays. Elements that repeat in a StructureDefinition are named below.
 */
const repeating = new Set([
  'element',
  'constraint',
  'condition',
  'targetProfile',
  'profile',
  'coding',
  'discriminator',
  'context',
]);

interface Node {
  [name: string]: unknown;
}

export function readFhirXml(xml: string): Node {
  const stack: { name: string; node: Node }[] = [{ name: '', node: {} }];
  const tags = /<(\/?)([\w.]+)((?:\s+[\w:]+\s*=\s*"[^"]*")*)\s*(\/?)>/g;
  for (const [, closing, name = '', attributes = '', selfClosing] of xml
    .replace(/<!--[\s\S]*?-->/g, '')
    .matchAll(tags)) {
    if (closing !== '/') stack.push({ name, node: readAttributes(attributes) });
    if (closing !== '/' && selfClosing !== '/') continue;
    const done = stack.pop();
    const parent = stack.at(-1);
    if (done === undefined || parent === undefined) throw new Error(`unbalanced <${name}>`);
    attach(
      parent.node,
      done.name,
      'value' in done.node && Object.keys(done.node).length === 1 ? done.node.value : done.node,
    );
  }
  const [resourceType, resource] = Object.entries(stack[0]?.node ?? {})[0] ?? [];
  return { resourceType, ...(resource as Node) };
}

function attach(parent: Node, name: string, value: unknown): void {
  const list = repeating.has(name) || (name === 'type' && 'path' in parent);
  const present = parent[name];
  if (Array.isArray(present)) present.push(value);
  else if (present === undefined) parent[name] = list ? [value] : value;
  else parent[name] = [present, value];
}

function readAttributes(text: string): Node {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#x27': "'" };
  return Object.fromEntries(
    [...text.matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g)]
      .filter(([, name]) => name !== 'xmlns')
      .map(([, name = '', value = '']) => [name, value.replace(/&(#?\w+);/g, (all, e: string) => entities[e] ?? all)]),
  );
}
