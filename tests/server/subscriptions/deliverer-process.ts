import { openDatabase } from '../../../server/db/database.ts';
import { silent } from '../../support/database.ts';
import { deliverer } from './subscribers.ts';

/** A deliverer in a process of its own, to be killed: `node deliverer-process.ts <connection string>`. */
const [, , connectionString = ''] = process.argv;
deliverer(openDatabase({ connectionString, log: silent }), { claimMs: 300 });
