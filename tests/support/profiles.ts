import type { Resource } from '@medplum/fhirtypes';
import { baseProblems } from './base-r4.ts';
import { typedNodes } from './profiles/base-walk.ts';
import { checkProfile } from './profiles/check-profile.ts';
import { codesIn, keepsBinding, systemCodes } from './profiles/codes.ts';
import { type Definitions, type Profile, readDefinitions } from './profiles/definitions.ts';
import { brokenInvariants } from './profiles/invariants.ts';
import { isJson, type Json, lastPart, list, textOf } from './profiles/json.ts';
import { otherExtensions } from './profiles/other-extensions.ts';

/** Types whose own invariants the check of base R4 leaves to others. */
const dataTypes = /^(Period|Quantity|Range|Ratio|Timing|Attachment|Identifier|ContactPoint)$/;

let definitions: Definitions | null = null;

/** The profiles and extensions of the reference data, and those of other packages that they use; read once. */
function known(): Definitions {
  if (definitions === null) {
    const read = readDefinitions();
    const others = otherExtensions.map((profile): [string, Profile] => [profile.url, profile]);
    definitions = { ...read, profiles: new Map([...read.profiles, ...others]) };
  }
  return definitions;
}

/**
 * All that is wrong with a resource: against base R4 (structure, invariants, required bindings, codes of known
 * systems), against the official profile, and, for everything in it, against the profile that it claims itself
 * (resources by meta.profile, extensions by url, also where they may stand). Empty when it conforms. Each issue is a
 * sentence: `deqm-gapsincaredetectedissue DetectedIssue.code: 0 < min 1`.
 * @throws Error when the reference data has no such profile
 */
export function profileIssues(resource: unknown, profileUrl: string): string[] {
  const profile = known().profiles.get(profileUrl);
  if (profile === undefined) throw new Error(`the reference data has no profile ${profileUrl}`);
  if (!isJson(resource)) return ['is no resource'];
  const own = profile.type === resource.resourceType ? [] : [`is not a ${profile.type}`];
  return unique([...own, ...checkProfile(resource, resource, profile, known()), ...claimedIssues(resource)]);
}

/** The same for whatever profiles the resource and all in it claim. What claims none is held to base R4 alone. */
export function claimedIssues(resource: unknown): string[] {
  if (!isJson(resource)) return ['is no resource'];
  const { base, profiles, codeSystems } = known();
  const issues: string[] = [...baseProblems(resource as unknown as Resource)];
  for (const { node, path, type, element, location, parent, resource: holder } of typedNodes(resource, base)) {
    const { strength, valueSet } = element.binding ?? {};
    if (strength === 'required' && valueSet !== undefined && keepsBinding(node, strength, valueSet, known()) === false)
      issues.push(`${location}: ${JSON.stringify(node)} is not in ${valueSet} (required)`);
    if (!isJson(node)) continue;
    if (path === type && node !== resource && typeof node.resourceType === 'string')
      issues.push(...baseProblems(node as unknown as Resource));
    if (dataTypes.test(type))
      for (const broken of brokenInvariants(node, holder, base.get(type) ?? element))
        issues.push(`${location}: ${broken}`);
    if (type === 'Coding') issues.push(...wrongCode(node, location, codeSystems));
    if (type === 'Extension') issues.push(...extensionIssues(node, holder, path, location, parentPaths(parent)));
    for (const url of isJson(node.meta) && path === type ? list(node.meta.profile) : []) {
      const profile = profiles.get(String(url));
      if (profile !== undefined) issues.push(...checkProfile(node, node, profile, known()));
      else if (/hl7\.org\/fhir\/uv\/deqm/.test(String(url))) issues.push(`${location}: there is no profile ${url}`);
    }
  }
  return unique(issues);
}

/** A code of a system whose codes are all known has to be one of them. */
function wrongCode(node: Json, location: string, codeSystems: Definitions['codeSystems']): string[] {
  const [found] = codesIn(node);
  // The v3 systems of R4 are of 2019: CAREGAP is younger.
  if (found?.system == null || found.system.includes('/v3-') || !codeSystems.has(found.system)) return [];
  const codes = systemCodes(found.system, known());
  return codes === null || codes.has(found.code) ? [] : [`${location}: ${found.system} has no code ${found.code}`];
}

function extensionIssues(
  node: Json,
  resource: Json,
  path: string,
  location: string,
  places: readonly string[],
): string[] {
  const url = textOf(node.url) ?? '';
  const profile = known().profiles.get(url);
  if (profile === undefined) {
    const ours = /^http:\/\/hl7\.org\/fhir\/uv\/deqm\//.test(url);
    return ours ? [`${location}: DEQM has no extension ${url}`] : [];
  }
  const modifier = profile.differential.element.some(({ id, isModifier }) => id === 'Extension' && isModifier === true);
  const contexts = list(profile.context)
    .filter(isJson)
    .map(({ expression }) => String(expression));
  const allowed =
    contexts.length === 0 || contexts.some((context) => context === 'Element' || places.includes(context));
  return [
    ...checkProfile(node, resource, profile, known()),
    ...(allowed ? [] : [`${location}: ${lastPart(url)} may stand on ${contexts.join(', ')} only`]),
    ...(modifier === path.endsWith('modifierExtension')
      ? []
      : [`${location}: ${lastPart(url)} is ${modifier ? 'a' : 'no'} modifier extension`]),
  ];
}

/** What the element that an extension stands on may be called: by its path, or by its type. */
function parentPaths(parent: { readonly path: string; readonly type: string; readonly location: string } | null) {
  return parent === null ? [] : [parent.path, parent.type, parent.location.replaceAll(/\[\d+\]/g, '')];
}

function unique(issues: readonly string[]): string[] {
  return [...new Set(issues)];
}
