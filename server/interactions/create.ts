import type { Interaction } from './interaction.ts';
import { readBody } from './respond.ts';
import { writeOne } from './write.ts';

/** R4 http.html#create, with conditional create (http.html#ccreate). */
export const create: Interaction = {
  codes: ['create'],
  level: 'type',
  method: 'POST',
  path: [':type'],
  conditional: false,
  scope: 'c',
  async run(request, context, services) {
    const entry = {
      method: 'POST',
      type: request.type,
      resource: readBody(request),
      fullUrl: null,
      ifNoneExist: request.headers['if-none-exist'] ?? null,
    } as const;
    return writeOne(entry, { action: 'C', interaction: 'create' }, request, context, services);
  },
};
