import { InvalidRequest } from '../store/errors.ts';
import { checkType } from '../store/validate.ts';
import { batch } from './batch.ts';
import type { Interaction } from './interaction.ts';
import { readBody } from './respond.ts';
import { transaction } from './transaction.ts';

/** A Bundle posted to the base (R4 http.html#transaction). */
export const bundle: Interaction = {
  codes: ['transaction', 'batch'],
  level: 'system',
  method: 'POST',
  path: [],
  conditional: false,
  scope: null,
  async run(request, context, services) {
    const body = readBody(request);
    checkType(body, 'Bundle');
    if (body.type === 'transaction') return transaction(body, request, context, services);
    if (body.type === 'batch') return batch(body, request, context, services);
    throw new InvalidRequest('Bundle.type must be transaction or batch; store other Bundles at /Bundle', [
      'Bundle.type',
    ]);
  },
};
