import type { HccModel } from './model.ts';

/** RxHCC V08 (Part D): its categories and hierarchies. The years say why it has no scores. */
export const rxHccV08: HccModel = {
  id: 'RxHCC-V08',
  title: 'RxHCC V08',
  system: 'http://gapless.health/CodeSystem/rxhcc-v08',
  prefix: 'RXHCC',
  groups: {},
  interactions: [],
  needs: [],
};
