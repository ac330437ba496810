import type { Interaction } from './interaction.ts';
import { criteriaOf, writeOne } from './write.ts';

/** R4 http.html#delete. Deleting what is not there, or no longer, succeeds. */
export const deletion: Interaction = {
  codes: ['delete'],
  level: 'instance',
  method: 'DELETE',
  path: [':type', ':id'],
  conditional: false,
  scope: 'd',
  async run(request, context, services) {
    const ifMatch = request.headers['if-match'] ?? null;
    const entry = { method: 'DELETE', type: request.type, id: request.id, criteria: null, ifMatch } as const;
    return writeOne(entry, { action: 'D', interaction: 'delete' }, request, context, services);
  },
};

/** R4 3.1.0.7.1, conditional delete, of one resource: criteria that match several are refused. */
export const conditionalDeletion: Interaction = {
  ...deletion,
  level: 'type',
  path: [':type'],
  conditional: true,
  async run(request, context, services) {
    const ifMatch = request.headers['if-match'] ?? null;
    const entry = {
      method: 'DELETE',
      type: request.type,
      id: null,
      criteria: criteriaOf(request.query),
      ifMatch,
    } as const;
    return writeOne(entry, { action: 'D', interaction: 'delete' }, request, context, services);
  },
};
