import { readVersion } from '../store/read.ts';
import type { Interaction } from './interaction.ts';
import { readResponse } from './read.ts';

/** R4 http.html#vread. A version that is a deletion is gone (410). */
export const vread: Interaction = {
  codes: ['vread'],
  level: 'instance',
  method: 'GET',
  path: [':type', ':id', '_history', ':version'],
  conditional: false,
  scope: 'r',
  async run(request, context, { database, audit }) {
    const stored = await readVersion(database, context.tenant, request.type, request.id, request.version);
    await audit.record(context, { action: 'R', interaction: 'vread', resources: [stored], query: null });
    return readResponse(stored, request);
  },
};
