/**
 * The JavaScript of one function of a module, with the functions of the same module that it calls, for people.
 * @param text of the module: functions one after another, each beginning its line
 */
export function functionsBelow(text: string, name: string): string | null {
  const functions = new Map<string, string>();
  for (const part of text.split(/\n(?=function |return \[)/)) {
    const [, own] = /^function (\w+)\(/.exec(part) ?? [];
    if (own !== undefined) functions.set(own, part.trimEnd());
  }
  const shown = new Map<string, string>();
  const waiting = [name];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const code = functions.get(next);
    if (code === undefined || shown.has(next)) continue;
    shown.set(next, code.replace(/\n{2,}/g, '\n'));
    for (const [, called] of code.matchAll(/\b([fq]\d+)\(/g)) if (called !== undefined) waiting.push(called);
  }
  return shown.size === 0 ? null : [...shown.values()].join('\n');
}
