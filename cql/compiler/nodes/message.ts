import { type Environment, Message as message, type Value } from '../../runtime/index.ts';
import { operators } from './operators.ts';

/**
 * 24.1. Message. An error is told but does not end the evaluation (CQL 1.5, Appendix B, leaves that to the engine): one
 * unreadable quantity would cost a patient the whole measure.
 */
function Message(
  source: Value,
  condition: Value,
  code: Value,
  severity: Value,
  text: Value,
  environment: Environment,
): Value {
  if (severity !== 'Error') return message(source, condition, code, severity, text, environment);
  if (condition === true)
    environment.onMessage?.('Error', typeof code === 'string' ? code : null, typeof text === 'string' ? text : null);
  return source;
}

export const messages = operators(
  { Message },
  { parts: ['source', 'condition', 'code', 'severity', 'message'], environment: true },
);
