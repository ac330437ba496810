import { type Environment, Message as message, type Value } from '../../runtime/index.ts';
import { operators } from './operators.ts';

/**
 * 24.1. Message. The severity Error ends the evaluation (CQL 1.5, Appendix B, Message), unless the source is null: so
 * FHIRHelpers, QICoreCommon and their like write "this value has no conversion", and a conversion that fails is null (2.3).
 * One unreadable quantity would cost a patient the whole measure.
 */
export function Message(
  source: Value,
  condition: Value,
  code: Value,
  severity: Value,
  text: Value,
  environment: Environment,
): Value {
  if (severity !== 'Error' || source !== null) return message(source, condition, code, severity, text, environment);
  if (condition === true)
    environment.onMessage?.('Error', typeof code === 'string' ? code : null, typeof text === 'string' ? text : null);
  return source;
}

export const messages = operators(
  { Message },
  { parts: ['source', 'condition', 'code', 'severity', 'message'], environment: true },
);
